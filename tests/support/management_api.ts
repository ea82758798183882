/**
 * As much of Supabase's Management API as a deployment needs; it keeps what it is sent.
 *
 * @module
 */

/** A function that was uploaded. */
export interface Upload {
  readonly metadata: { readonly name: string; readonly verify_jwt: boolean; readonly entrypoint_path: string };
  /** Contents by path. */
  readonly files: ReadonlyMap<string, string>;
}

/** The stand-in. */
export interface ManagementApi extends AsyncDisposable {
  readonly uploads: Upload[];
  /** The functions' secrets by name. */
  readonly secrets: Map<string, string>;
  /** What was asked: method and path. */
  readonly calls: string[];
  /** Authorization headers that were sent. */
  readonly tokens: Set<string>;
  /** A profile for the CLI, in a file of this folder. */
  profile(folder: string): string;
}

/** Starts one on a free port. */
export function startManagementApi(): ManagementApi {
  const kept = {
    uploads: [] as Upload[],
    secrets: new Map<string, string>(),
    calls: [] as string[],
    tokens: new Set<string>(),
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    kept.calls.push(`${request.method} ${pathname}`);
    kept.tokens.add(request.headers.get("authorization") ?? "");
    if (pathname.endsWith("/functions/deploy")) {
      const form = await request.formData();
      const metadata = JSON.parse(String(form.get("metadata")));
      const files = await Promise.all(
        form.getAll("file").map(async (file) => [(file as File).name, await (file as File).text()] as const),
      );
      kept.uploads.push({ metadata, files: new Map(files) });
      return Response.json(deployed(metadata.name), { status: 201 });
    }
    if (pathname.endsWith("/secrets") && request.method === "POST") {
      for (const { name, value } of await request.json()) kept.secrets.set(name, value);
      return Response.json({}, { status: 201 });
    }
    await request.body?.cancel();
    if (pathname.endsWith("/functions")) return Response.json(request.method === "GET" ? [] : { functions: [] });
    if (pathname.endsWith("/secrets")) {
      return Response.json([...kept.secrets.keys()].map((name) => ({ name, value: "" })));
    }
    return pathname.endsWith("/config") ? Response.json({}) : Response.json({ message: "Not here" }, { status: 404 });
  });
  const address = `http://127.0.0.1:${server.addr.port}`;
  return {
    ...kept,
    profile(folder): string {
      const file = `${folder}/profile.yaml`;
      Deno.writeTextFileSync(
        file,
        `name: test\napi_url: ${address}\ndashboard_url: ${address}\nproject_host: 127.0.0.1\n`,
      );
      return file;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function deployed(slug: string): Record<string, unknown> {
  return { id: slug, slug, name: slug, status: "ACTIVE", version: 1, created_at: 0, updated_at: 0, verify_jwt: false };
}
