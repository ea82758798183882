/**
 * Makes the ledger's SQL count what it does: a probe in every statement of the functions in SQL, and in every arm of an expression.
 * Statements of PL/pgSQL are counted by plpgsql_check's profiler.
 *
 * @module
 */
import type { Sql } from "postgres";
import { type Probe, withProbes } from "./arms.ts";
import { inOneLine, split, textOf, type Token, tokensOf } from "./tokens.ts";

/** What there is to reach in SQL. */
export const KINDS = [
  "statements of PL/pgSQL",
  "statements of functions in SQL",
  "branches of PL/pgSQL",
  "arms of CASE, COALESCE and ON CONFLICT",
] as const;

/** A place in the ledger's SQL that should be reached. */
export interface Point {
  readonly kind: (typeof KINDS)[number];
  /** The function or view. */
  readonly where: string;
  /** In its source as PostgreSQL gives it back. */
  readonly line: number;
  readonly text: string;
}

/** The ledger's SQL, counting. */
export interface Instrumented {
  /** What is probed, by the name of the sequence that counts it. A sequence forgets nothing that is rolled back. */
  readonly probes: ReadonlyMap<string, Point>;
  /** What each function and view says, as it was before. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Puts probes into every function and view of schema `vaultbook`, and has the profiler at hand. */
export async function instrument(admin: Sql): Promise<Instrumented> {
  await admin`create extension plpgsql_check schema extensions`;
  await admin`create schema coverage`;
  await admin`grant usage on schema coverage to public`;
  const probes = new Map<string, Point>();
  const definitions = await readDefinitions(admin);
  for (const own of definitions) {
    const names = new Map<string, string>();
    const probed = probedSource(own, (kind) => ({ line, text, key }) => {
      const name = names.get(key) ?? `p${probes.size}`;
      names.set(key, name);
      if (!probes.has(name)) probes.set(name, { kind, where: own.where, line, text });
      return `(pg_catalog.nextval('coverage.${name}') > 0)`;
    });
    for (const name of names.values()) await admin`create sequence coverage.${admin(name)}`;
    await admin.unsafe(own.definition.replace(own.source, () => probed));
  }
  await admin`grant usage on all sequences in schema coverage to public`;
  return { probes, sources: new Map(definitions.map(({ where, source }) => [where, source])) };
}

/** A function or a view as it is. */
interface Definition {
  readonly where: string;
  readonly language: string;
  readonly source: string;
  /** What makes it anew, with its source in it. */
  readonly definition: string;
}

async function readDefinitions(admin: Sql): Promise<Definition[]> {
  return await admin<Definition[]>`
    select p.oid::regprocedure::text as where, l.lanname as language, p.prosrc as source, pg_get_functiondef(p.oid) as definition
      from pg_proc as p
      join pg_language as l on l.oid = p.prolang
     where p.pronamespace = 'vaultbook'::regnamespace and l.lanname in ('sql', 'plpgsql')
       -- What policies ask is asked by whoever only reads, too, and may count nothing.
       and p.proname not in ('first_visible_owner', 'last_visible_owner')
    union all
    select c.oid::regclass::text, 'view', pg_get_viewdef(c.oid), format('create or replace view %s as %s', c.oid::regclass, pg_get_viewdef(c.oid))
      from pg_class as c
     where c.relnamespace = 'vaultbook'::regnamespace and c.relkind = 'v'
     order by 1`;
}

/** @throws {Error} where there is no text to put probes into. */
function probedSource({ where, language, source }: Definition, probe: (kind: Point["kind"]) => Probe): string {
  if (source === "") throw new Error(`${where} keeps no text of itself: write its body as a string`);
  const arm = probe("arms of CASE, COALESCE and ON CONFLICT");
  if (language !== "sql") return withProbes(tokensOf(source), arm);
  const begin = probe("statements of functions in SQL");
  return split(tokensOf(source), ({ text }) => text === ";").map((one) => probedStatement(one, begin, arm)).join("");
}

/** A statement of a function in SQL, with one before it that says that it begins. */
function probedStatement(statement: readonly Token[], begin: Probe, arm: Probe): string {
  const start = statement.findIndex(({ text, isSpace }) => !isSpace && text !== ";");
  const first = statement[start];
  if (!first) return textOf(statement);
  const { line } = first;
  const text = inOneLine(statement.slice(start));
  const probe = begin({ line, text, key: `statement in line ${line}: ${text}` });
  return `${textOf(statement.slice(0, start))}select ${probe}; ${withProbes(statement.slice(start), arm)}`;
}
