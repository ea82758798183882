/**
 * A lint plugin that holds the house's import table, and who may read the environment.
 *
 * @module
 */
import { dirname, join, relative } from "node:path/posix";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replaceAll("\\", "/");

/** A room and the rooms that it may import beside itself. Rooms not listed may import everything. */
const TABLE: readonly (readonly [room: string, others: readonly string[]])[] = [
  ["lib/domain/", []],
  ["lib/chain/", ["lib/domain/"]],
  ["lib/ledger/", ["lib/domain/"]],
  ["lib/http/", ["lib/domain/"]],
  // It looks for what a vault misses in the sweep's own way.
  ["functions/reconcile/", ["lib/", "functions/sweep/"]],
  // Both take something once in each tick.
  ["functions/tvl/", ["lib/", "functions/snapshot/"]],
  ["functions/", ["lib/"]],
  ["supabase/local/", []],
  ["bench/", ["lib/", "functions/", "tasks/", "tests/"]],
];

/** Rooms that import no package either, and what they may all the same. */
const WITHOUT_PACKAGES: readonly (readonly [room: string, but: RegExp | null])[] = [
  ["lib/domain/", null],
  // What the runtime has built in weighs nothing.
  ["lib/chain/", /^node:/],
];

/** Where a file lies, seen from the project's root, with forward slashes. */
export function pathInProject(filename: string): string {
  return relative(ROOT, filename.replaceAll("\\", "/"));
}

/** Says why `file` may not import `specifier`; null where it may. */
function refusal(file: string, specifier: string): string | null {
  const [room, others] = TABLE.find(([room]) => file.startsWith(room)) ?? [null, []];
  if (room === null) return null;
  const isLocal = /^(\.{1,2}|@)\//.test(specifier);
  if (!isLocal) {
    const [closed, but] = WITHOUT_PACKAGES.find(([closed]) => closed === room) ?? [null, null];
    return closed !== null && !but?.test(specifier) ? `${room} imports no package` : null;
  }
  const target = specifier.startsWith("@/") ? specifier.slice(2) : join(dirname(file), specifier);
  // Each function is a room of its own.
  const own = room === "functions/" ? file.split("/").slice(0, 2).join("/") + "/" : room;
  const allowed = [own, ...others];
  return allowed.some((beginning) => target.startsWith(beginning))
    ? null
    : `${own} may not import ${target}: it may import ${allowed.join(", ")}`;
}

const imports: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    const file = pathInProject(context.filename);
    const check = (node: Deno.lint.Node, source: unknown): void => {
      if (typeof source !== "string") return;
      const message = refusal(file, source);
      if (message) context.report({ node, message, hint: "The table is in tasks/check/boundaries.ts" });
    };
    return {
      ImportDeclaration: (node): void => check(node, node.source.value),
      ExportAllDeclaration: (node): void => check(node, node.source.value),
      ExportNamedDeclaration: (node): void => check(node, node.source?.value),
      ImportExpression(node): void {
        if (node.source.type === "Literal") return check(node, node.source.value);
        if (!/^(lib|functions)\//.test(file)) return;
        context.report({ node, message: "A computed import is not found when the functions are bundled" });
      },
      "TSImportType > TSLiteralType > Literal": (node): void => check(node, node.value),
    };
  },
};

const environment: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    if (!pathInProject(context.filename).startsWith("lib/")) return {};
    return {
      MemberExpression(node): void {
        if (!/^(Deno|process)\.env$/.test(context.sourceCode.getText(node))) return;
        context.report({
          node,
          message: "Only functions/ reads the environment: take the value as an argument",
        });
      },
    };
  },
};

const plugin: Deno.lint.Plugin = { name: "boundaries", rules: { imports, environment } };
export default plugin;
