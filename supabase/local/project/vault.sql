-- A stand-in for the extension supabase_vault 0.3.1, for databases that do not have it: the same table, view,
-- functions, signatures and grants. Run by supabase_admin; safe to run again.
--
-- It is a stand-in for development. Secrets are truly encrypted in `vault.secrets`, but where the extension keeps its
-- root key outside the database, here the key lies in the database beside them: whoever has the data folder has both.
do $stand_in$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'supabase_vault') then
    return;
  end if;

  -- One key, made for this database. Only supabase_admin is granted it; `postgres`, which may read every secret anyway,
  -- reaches it through pg_read_all_data.
  create table if not exists vault._local_key (
    is_only boolean not null default true,
    key     bytea   not null default extensions.gen_random_bytes(32),
    constraint _local_key_pkey primary key (is_only),
    constraint there_is_only_one_key check (is_only)
  );
  revoke all on vault._local_key from public;
  insert into vault._local_key default values on conflict do nothing;

  create or replace function vault._crypto_aead_det_noncegen() returns bytea
  language sql set search_path = ''
  as $function$
    select extensions.gen_random_bytes(32);
  $function$;

  create table if not exists vault.secrets (
    id          uuid        not null default gen_random_uuid(),
    name        text,
    description text        not null default '',
    -- base64 of the encrypted secret
    secret      text        not null,
    key_id      uuid,
    nonce       bytea                default vault._crypto_aead_det_noncegen(),
    created_at  timestamptz not null default current_timestamp,
    updated_at  timestamptz not null default current_timestamp,
    constraint secrets_pkey primary key (id)
  );
  comment on table vault.secrets
    is 'Table with encrypted `secret` column for storing sensitive information on disk.';
  create unique index if not exists secrets_name_idx on vault.secrets (name) where name is not null;

  -- A password of its own for each secret, bound to its id: a ciphertext moved to another row is refused.
  create or replace function vault._local_password(additional bytea, context bytea, nonce bytea) returns text
  language sql stable set search_path = ''
  as $function$
    select encode(extensions.hmac(context || coalesce(nonce, ''::bytea) || additional, key, 'sha256'), 'hex')
      from vault._local_key;
  $function$;

  create or replace function vault._crypto_aead_det_encrypt(
    message bytea, additional bytea, key_id bigint, context bytea default 'pgsodium', nonce bytea default null
  ) returns bytea
  language sql security definer set search_path = ''
  as $function$
    select extensions.pgp_sym_encrypt_bytea(
      message, vault._local_password(additional, context, nonce), 'cipher-algo=aes256');
  $function$;

  create or replace function vault._crypto_aead_det_decrypt(
    message bytea, additional bytea, key_id bigint, context bytea default 'pgsodium', nonce bytea default null
  ) returns bytea
  language sql stable security definer set search_path = ''
  as $function$
    select extensions.pgp_sym_decrypt_bytea(message, vault._local_password(additional, context, nonce));
  $function$;

  create or replace view vault.decrypted_secrets as
  select s.id,
         s.name,
         s.description,
         s.secret,
         convert_from(
           vault._crypto_aead_det_decrypt(
             message := decode(s.secret, 'base64'),
             additional := convert_to(s.id::text, 'UTF8'),
             key_id := 0,
             context := 'pgsodium'::bytea,
             nonce := s.nonce),
           'UTF8') as decrypted_secret,
         s.key_id,
         s.nonce,
         s.created_at,
         s.updated_at
    from vault.secrets as s;

  create or replace function vault.create_secret(
    new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null
  ) returns uuid
  language plpgsql security definer set search_path = ''
  as $function$
  declare
    secret_id constant uuid := gen_random_uuid();
    secret_nonce constant bytea := vault._crypto_aead_det_noncegen();
  begin
    insert into vault.secrets (id, name, description, nonce, secret)
    values (
      secret_id,
      new_name,
      new_description,
      secret_nonce,
      encode(
        vault._crypto_aead_det_encrypt(
          message := convert_to(new_secret, 'UTF8'),
          additional := convert_to(secret_id::text, 'UTF8'),
          key_id := 0,
          nonce := secret_nonce),
        'base64'));
    return secret_id;
  end
  $function$;

  create or replace function vault.update_secret(
    secret_id uuid,
    new_secret text default null,
    new_name text default null,
    new_description text default null,
    new_key_id uuid default null
  ) returns void
  language sql security definer set search_path = ''
  as $function$
    update vault.secrets as s
       set secret = case
             when new_secret is null then s.secret
             else encode(
               vault._crypto_aead_det_encrypt(
                 message := convert_to(new_secret, 'UTF8'),
                 additional := convert_to(s.id::text, 'UTF8'),
                 key_id := 0,
                 nonce := s.nonce),
               'base64')
           end,
           name = coalesce(new_name, s.name),
           description = coalesce(new_description, s.description),
           updated_at = now()
     where s.id = secret_id;
  $function$;

  revoke all on all tables in schema vault from public;
  revoke all on all functions in schema vault from public;

  -- As Supabase grants.
  grant usage on schema vault to postgres with grant option;
  grant select, delete on vault.secrets, vault.decrypted_secrets to postgres with grant option;
  grant execute on function vault.create_secret, vault.update_secret, vault._crypto_aead_det_decrypt
    to postgres with grant option;
  grant usage on schema vault to service_role;
  grant select, delete on vault.secrets, vault.decrypted_secrets to service_role;
  grant execute on function vault.create_secret, vault.update_secret, vault._crypto_aead_det_decrypt to service_role;
end
$stand_in$;
