/**
 * Everything that a request can become once its token is read: a role, and claims as Auth could or could not have set them.
 *
 * @module
 */
import type { Tenant, Tenants } from "./tenants.ts";

/** A role and the claims behind it, and whose canaries it may see. */
export interface Identity {
  readonly name: string;
  readonly role: string;
  readonly claims: unknown;
  readonly sees: readonly Tenant[];
}

/** All of them; most are nobody. */
export function identitiesOf({ alice, bob }: Tenants): Identity[] {
  const user = (name: string, claims: Record<string, unknown>, ...sees: Tenant[]): Identity => ({
    name,
    role: "authenticated",
    claims: { role: "authenticated", sub: crypto.randomUUID(), ...claims },
    sees,
  });
  return [
    { name: "anon", role: "anon", claims: { role: "anon" }, sees: [] },
    {
      name: "anon that claims",
      role: "anon",
      claims: { wallet_address: alice.address, app_metadata: { role: "ops" } },
      sees: [],
    },
    { name: "no claims at all", role: "authenticated", claims: "", sees: [] },
    { name: "claims null", role: "authenticated", claims: null, sees: [] },
    user("alice", { wallet_address: alice.address }, "alice"),
    user("bob", { wallet_address: bob.address }, "bob"),
    user("operator", { app_metadata: { role: "ops" } }, "alice", "bob", "system"),
    user("no wallet", {}),
    user("wallet null", { wallet_address: null }),
    user("wallet empty", { wallet_address: "" }),
    user("several wallets", { wallet_address: [alice.address, bob.address] }),
    user("a pattern for a wallet", { wallet_address: "%" }),
    user("a wallet and a space", { wallet_address: `${alice.address} ` }),
    user("a wallet in capitals", { wallet_address: alice.address.toUpperCase() }),
    user("a wallet in user_metadata", {
      user_metadata: { wallet_address: alice.address, sub: `web3:solana:${alice.address}` },
    }),
    user("ops in user_metadata", { user_metadata: { role: "ops", app_metadata: { role: "ops" } } }),
    user("ops elsewhere", { user_role: "ops", roles: ["ops"], app_metadata: { roles: ["ops"], role: ["ops"] } }),
    user("ops in capitals", { app_metadata: { role: "OPS" } }),
    user("service in the claims", { role: "service_role", app_metadata: { role: "service_role" } }),
    user("anonymous", { is_anonymous: true }),
  ];
}
