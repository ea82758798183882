import { expect } from "expect";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { readBody } from "@/lib/http/body.ts";
import { endsInTheMiddle } from "@/tests/support/api_description.ts";

const LIMIT = 10;

function posted(body: BodyInit | null, headers: HeadersInit = {}): Request {
  return new Request("http://test/", { method: "POST", body, headers });
}

/** The code with which a body is refused. */
async function refusal(request: Request): Promise<string> {
  return await readBody(request, LIMIT).then(() => "taken", (error: unknown) => {
    if (!(error instanceof VaultbookError)) throw error;
    return error.code;
  });
}

Deno.test("readBody() gives the bytes as they came, up to the limit", async () => {
  for (const bytes of [[], [0], [0xef, 0xbb, 0xbf, 0xff], new Array(LIMIT).fill(7)]) {
    expect(await readBody(posted(Uint8Array.from(bytes)), LIMIT)).toEqual(Uint8Array.from(bytes));
  }
  expect(await readBody(posted(null), LIMIT)).toEqual(new Uint8Array());
});

Deno.test("row 48: readBody() reads no byte of what announces more than the limit, and no more than the limit of what does not", async () => {
  let read = 0;
  const endless = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      pull(controller): void {
        read++;
        controller.enqueue(new Uint8Array(4));
      },
    }, { highWaterMark: 0 });
  expect(await refusal(posted(endless(), { "content-length": "11" }))).toBe("body_too_large");
  expect(read).toBe(0);
  expect(await refusal(posted(endless(), { "content-length": "9" }))).toBe("body_too_large");
  expect(read).toBe(3);
  expect(await refusal(posted(endless()))).toBe("body_too_large");
  expect(await refusal(posted(endsInTheMiddle()))).toBe("body_unreadable");
});
