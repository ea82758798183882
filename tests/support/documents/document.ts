/**
 * The project's documents, and the blocks of code in them.
 *
 * @module
 */
import { PROJECT } from "@/tests/support/running_instance.ts";

/** What is to be done with a block. */
export type Mark =
  | { readonly kind: "run" }
  /** It goes on by itself: ended as soon as it has said this. */
  | { readonly kind: "until"; readonly said: string }
  /** Another test runs it. */
  | { readonly kind: "run by"; readonly test: string }
  /** It cannot be run here. */
  | { readonly kind: "not run"; readonly reason: string };

/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  /** Of its first line, from 1. */
  readonly line: number;
  /** What the fence names, or nothing. */
  readonly language: string;
  readonly text: string;
  readonly mark: Mark;
}

/** All documents for readers, by their paths in the project, sorted. The changelog tells of the past and is none of them. */
export async function documents(): Promise<string[]> {
  const found = ["README.md", "ARCHITECTURE.md"];
  for (const folder of ["docs", "docs/runbooks"]) {
    for await (const { name, isFile } of Deno.readDir(new URL(folder, PROJECT))) {
      if (isFile && name.endsWith(".md")) found.push(`${folder}/${name}`);
    }
  }
  return found.sort();
}

/** A document's text. */
export const textOf = (document: string): Promise<string> => Deno.readTextFile(new URL(document, PROJECT));

/**
 * The fenced blocks of a text, in its order. A comment in the line above the fence marks one:
 * `<!-- until: TEXT -->`, `<!-- run by: TEST FILE -->` or `<!-- not run: REASON -->`.
 *
 * @throws {Error} for a mark that is none of these, and for a fence that is not closed.
 */
export function blocksOf(document: string, text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = /^( *)```(\w*)$/.exec(lines[at] ?? "");
    if (!fence) continue;
    const end = lines.indexOf(`${fence[1]}\`\`\``, at + 1);
    if (end < 0) throw new Error(`${document}:${at + 1} is not closed`);
    blocks.push({
      document,
      line: at + 2,
      language: fence[2] ?? "",
      text: lines.slice(at + 1, end).map((line) => line.slice(fence[1]?.length)).join("\n"),
      mark: markOf(`${document}:${at + 1}`, lines[at - 1] || lines[at - 2] || ""),
    });
    at = end;
  }
  return blocks;
}

function markOf(place: string, line: string): Mark {
  const comment = /^ *<!-- (.+) -->$/.exec(line)?.[1];
  if (comment === undefined) return { kind: "run" };
  const [, kind, rest = ""] = /^(until|run by|not run): (.+)$/.exec(comment) ?? [];
  if (kind === "until") return { kind, said: rest };
  if (kind === "run by") return { kind, test: rest };
  if (kind === "not run") return { kind, reason: rest };
  throw new Error(`${place} has a mark that nobody knows: ${comment}`);
}
