import { expect } from "expect";
import { readEndpoint, rpcUrlsOf } from "@/lib/chain/rpc_endpoint.ts";

Deno.test("what is as long as a key is hidden, and a word of the path is not", () => {
  const { redact } = readEndpoint("https://rpc.example/v2/abcde/secret?key=letter&net=local");
  expect(redact("abcde secret v2 letter local")).toBe("abcde … v2 … local");
});

Deno.test("a key that is no percent-encoding is hidden as it stands", () => {
  const { node, redact } = readEndpoint("https://rpc.example:8899/%zz-f00dfeed");
  expect([node, redact("no %zz-f00dfeed here")]).toEqual(["rpc.example:8899", "no … here"]);
});

Deno.test("a whole query is hidden, and a URL is no more than its host", () => {
  const { redact } = readEndpoint("https://rpc.example/?f00dfeed");
  expect(redact("query f00dfeed at http://other.example/f00dfeed, (https://other.example/x)"))
    .toBe("query … at rpc.example (rpc.example)");
});

Deno.test("what a node says is told to the two hundredth character", () => {
  const { redact } = readEndpoint("https://rpc.example/");
  expect(redact("x".repeat(200))).toBe("x".repeat(200));
  expect(redact("x".repeat(201))).toBe(`${"x".repeat(200)}…`);
});

Deno.test("the nodes of an environment are those it names, each host once, and what is no http URL is refused by its name", () => {
  const [one, two] = ["https://one.example/?key=a", "http://two.example:8899"];
  expect(rpcUrlsOf({})).toEqual([]);
  expect(rpcUrlsOf({ SOLANA_RPC_URL: "", SOLANA_RPC_URL_2: two })).toEqual([two]);
  expect(rpcUrlsOf({ SOLANA_RPC_URL: one, SOLANA_RPC_URL_2: two })).toEqual([one, two]);
  expect(rpcUrlsOf({ SOLANA_RPC_URL: one, SOLANA_RPC_URL_2: "https://one.example/?key=b" })).toEqual([one]);
  for (const wrong of ["one.example", "ws://one.example", "https://"]) {
    expect(() => rpcUrlsOf({ SOLANA_RPC_URL: one, SOLANA_RPC_URL_2: wrong })).toThrow(
      "Cannot start: SOLANA_RPC_URL_2 is no http URL",
    );
    expect(() => readEndpoint(wrong)).toThrow("Cannot use the RPC URL");
  }
});
