/**
 * A lint plugin for habits that a reader would have to remember: time comes from the clock, amounts are never floating point
 * numbers, a function fits on a page.
 *
 * @module
 */
import { pathInProject } from "./boundaries.ts";

/** Most lines of a function, its first and last one included. */
const FUNCTION_LINES_MAX = 70;

/** The line above a conversion to a number says that it is harmless, and why. */
const NOT_AN_AMOUNT = /^\s*\/\/ not an amount: \S/;

const TO_NUMBER = /^(Number|(Number\.|globalThis\.)?parse(Int|Float)|globalThis\.Number)$/;

const clock: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    if (!isServed(context.filename) || /\/clock\.ts$/.test(context.filename)) return {};
    const report = (node: Deno.lint.Node): void =>
      context.report({ node, message: "The time is read in a clock.ts only: take it from there, or as an argument" });
    return {
      MemberExpression(node): void {
        if (context.sourceCode.getText(node) === "Date.now") report(node);
      },
      NewExpression(node): void {
        if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0) {
          report(node);
        }
      },
    };
  },
};

const amounts: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    if (!isServed(context.filename)) return {};
    return {
      CallExpression(node): void {
        const name = context.sourceCode.getText(node.callee);
        if (!TO_NUMBER.test(name)) return;
        const lineAbove = context.sourceCode.getText().slice(0, node.range[0]).split("\n").at(-2) ?? "";
        if (NOT_AN_AMOUNT.test(lineAbove)) return;
        context.report({
          node,
          message: `${name}() rounds amounts: they are bigint`,
          hint: "Above what is none, write: // not an amount: <why>",
        });
      },
    };
  },
};

const functionLength: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    const check = (node: Deno.lint.Node): void => {
      const lines = context.sourceCode.getText(node).split("\n").length;
      if (lines <= FUNCTION_LINES_MAX) return;
      context.report({ node, message: `This function has ${lines} lines, and ${FUNCTION_LINES_MAX} is the most` });
    };
    return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
  },
};

/** Whether the file is part of what runs in production. */
function isServed(filename: string): boolean {
  return /^(lib|functions)\//.test(pathInProject(filename));
}

const plugin: Deno.lint.Plugin = { name: "habits", rules: { clock, amounts, "function-length": functionLength } };
export default plugin;
