import { expect } from "expect";
import { parseSiws } from "@/supabase/local/auth/siws.ts";
import { siwsMessage } from "./running_auth.ts";

const ADDRESS = "4Cw1koUQtqybLFem7uqhzMBznMPGARbFS4cjaYbM9RnR";

function failureOf(raw: string): string {
  try {
    parseSiws(raw);
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A message of GoTrue's own tests: a header, then these lines. */
function withLines(...lines: string[]): string {
  return [`domain.com wants you to sign in with your Solana account:`, ADDRESS, "", ...lines].join("\n");
}

Deno.test("parseSiws() reads every field", () => {
  const { url: _url, ...uri } = parseSiws(siwsMessage(ADDRESS)).uri;
  expect(uri).toEqual({ host: "localhost:3000", written: "http://localhost:3000/login" });
  const message = parseSiws(withLines(
    "I accept the terms: all of them",
    "",
    "Version: 1",
    "URI: https://domain.com/login",
    "Issued At: 2025-01-01T00:00:00Z",
    "Not Before: 2025-01-01T00:00:00.5Z",
    "Expiration Time: 2025-01-01T02:00:00+01:00",
    "Chain ID: solana:testnet",
    "Nonce: 123",
    "Request ID: abcdef",
    "Resources:",
    "- https://domain.com/terms",
    "- ipfs://bafy",
  ));
  expect(message).toMatchObject({
    domain: "domain.com",
    address: ADDRESS,
    statement: "I accept the terms: all of them",
    issuedAt: Date.UTC(2025, 0, 1),
    notBefore: Date.UTC(2025, 0, 1) + 500,
    expirationTime: Date.UTC(2025, 0, 1, 1),
    chainId: "solana:testnet",
    nonce: "123",
    requestId: "abcdef",
    resources: ["https://domain.com/terms", "ipfs://bafy"],
  });
  expect(message.publicKey.length).toBe(32);
});

Deno.test("parseSiws() reads a message without statement, network and nonce", () => {
  const message = parseSiws(withLines("Version: 1", "URI: https://domain.com", "Issued At: 2025-01-01T00:00:00Z"));
  expect(message).toMatchObject({ statement: "", chainId: "", nonce: "", requestId: "", resources: [] });
  expect([message.expirationTime, message.notBefore]).toEqual([undefined, undefined]);
});

Deno.test("parseSiws() refuses what GoTrue refuses, in its words", () => {
  const head = "domain.com wants you to sign in with your Solana account:";
  const rest = ["Version: 1", "URI: https://google.com"];
  const issued = "Issued At: 2025-01-01T00:00:00Z";
  const cases: [raw: string, message: string][] = [
    ["", "message needs at least 6 lines"],
    ["\n\n\n\n", "message needs at least 6 lines"],
    [
      "domain.com whatever\n\n\n\n\n\n",
      'message first line does not end in " wants you to sign in with your Solana account:"',
    ],
    [head.replace("domain.com", "*******") + "\n\n\n\n\n\n", "domain in first line of message is not valid"],
    [`${head}\n${"*".repeat(39)}\n\n\n\n\n`, "wallet address is not in base58 format"],
    [`${head}\n${ADDRESS}\nURI: https://google.com\n\n\n`, "third line must be empty"],
    [withLines("Statement", "", "Not Parsable", ""), "encountered unparsable line at index 5"],
    [withLines("Statement", "", "Version: 1", "URI: ***", issued), "URI is not valid"],
    [withLines("Statement", "", ...rest, "Issued At: x"), "Issued At is not a valid ISO8601 timestamp"],
    [
      withLines("Statement", "", ...rest, issued, "Expiration Time: x"),
      "Expiration Time is not a valid ISO8601 timestamp",
    ],
    [withLines("Statement", "", ...rest, issued, "Not Before: x"), "Not Before is not a valid ISO8601 timestamp"],
    [
      withLines("Statement", "", "Version: 2", issued, "URI: https://google.com", ""),
      'Version value is not supported, expected 1 got "2"',
    ],
    [withLines("Statement", "", "Version: 1", issued, "", ""), "URI is not specified"],
    [
      withLines("Statement", "", ...rest, "Resources:", "- https://google.com", ""),
      "Issued At is not specified",
    ],
    [
      withLines("Statement", "", ...rest, "Issued At: 2025-01-02T00:00:00Z", "Expiration Time: 2025-01-01T00:00:00Z"),
      "Issued At is after Expiration Time",
    ],
    [
      withLines(
        "Statement",
        "",
        ...rest,
        issued,
        "Expiration Time: 2025-01-02T00:00:00Z",
        "Not Before: 2025-01-03T00:00:00Z",
      ),
      "Not Before is after Expiration Time",
    ],
    [
      withLines("Statement", "", ...rest, issued, "Resources:", "- https://google.com", "- ***", ""),
      "Resource at position 1 has invalid URI",
    ],
    [withLines(...rest, issued, "Chain ID: random:mainnet"), "Chain ID is not valid"],
  ];
  for (const [raw, message] of cases) expect(failureOf(raw)).toBe(`siws: ${message}`);
});

Deno.test("parseSiws() refuses addresses that are not 32 bytes", () => {
  for (
    const address of ["1".repeat(31), "1".repeat(33), "0".repeat(32), "l".repeat(40), "z".repeat(44), `${ADDRESS}1`]
  ) {
    expect(failureOf(siwsMessage(address))).toBe("siws: wallet address is not in base58 format");
  }
});

Deno.test("parseSiws() refuses days, hours and forms that RFC 3339 does not have", () => {
  const wrong = [
    "2025-02-30T00:00:00Z",
    "2025-13-01T00:00:00Z",
    "2025-01-01T24:00:00Z",
    "2025-01-01T00:60:00Z",
    "2025-01-01T00:00:00",
    "2025-01-01 00:00:00Z",
    "2025-01-01",
    "1735689600000",
    "",
  ];
  for (const time of wrong) {
    expect(failureOf(siwsMessage(ADDRESS, { lines: { "Issued At": time } }))).toBe(
      "siws: Issued At is not a valid ISO8601 timestamp",
    );
  }
});

Deno.test("parseSiws() accepts only hosts that can be a site's, and loopback addresses", () => {
  for (const domain of ["localhost", "localhost:3000", "127.0.0.1:54321", "[::1]:80", "app.example.com"]) {
    expect(failureOf(siwsMessage(ADDRESS, { domain }))).toBe("accepted");
  }
  for (
    const domain of ["10.0.0.1", "evil", "a b.com", "user@site.com", "https://site.com", "site.com/path", "localhost:"]
  ) {
    expect(failureOf(siwsMessage(ADDRESS, { domain }))).toBe("siws: domain in first line of message is not valid");
  }
});

Deno.test("parseSiws() refuses URIs that are relative, or hide their host", () => {
  for (
    const URI of [
      "/login",
      "localhost:3000",
      "http://a@localhost:3000/",
      "http:\\\\localhost",
      "http:localhost",
      "http://",
    ]
  ) {
    expect(failureOf(siwsMessage(ADDRESS, { lines: { URI } }))).toBe("siws: URI is not valid");
  }
});
