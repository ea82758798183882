import { expect } from "expect";
import { newIdl, oldIdl } from "@/tests/support/idl_format.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { VAULT_PROGRAMS } from "@/tests/support/vault_programs.ts";

const TASK = new URL("../../tasks/idl.ts", import.meta.url);

/** What the task said of a command line. */
interface Said {
  readonly code: number;
  readonly out: string;
  readonly complaint: string;
}

/** Runs the task in a folder that holds `theirs.json`. */
async function withIdl(
  idl: unknown,
  work: (run: (...args: string[]) => Promise<Said>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/theirs.json`, typeof idl === "string" ? idl : JSON.stringify(idl));
    await work(async (...args) => {
      const command = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", TASK.pathname, ...args],
        env: { INIT_CWD: folder, NO_COLOR: "1" },
      });
      const { code, stdout, stderr } = await command.output();
      const [out, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      return { code, out: out ?? "", complaint: complaint ?? "" };
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("idl shows what it understood and in how many bytes, and what it did not and why", () =>
  withIdl(newIdl(VAULT_PROGRAMS.closing), async (run, folder) => {
    const { code, out, complaint } = await run("theirs.json", "--program", key("program"));
    expect([code, complaint]).toEqual([0, ""]);
    expect(out).toMatch(
      /^event +DepositEvent +deposit +96 +owner=user +vault +amount +total_after=new_balance +at=timestamp$/m,
    );
    expect(out).toMatch(
      /^event +VaultInitialized +initialise +112 +token_account=\(of the instruction\) +owner=user +vault +at=timestamp$/m,
    );
    expect(out).toMatch(/^instruction +close_vault +close +8 +owner=user +vault$/m);
    expect(out).toMatch(/^account +CollateralVault +vault +153 +owner +token_account +total=total_balance/m);
    expect(out).toMatch('A vault\'s address is derived from "vault", owner');
    expect(out).toMatch(/^ +event +ProgramAuthorized +its name says nothing that the ledger knows$/m);
    expect(out).toMatch(`--write makes it ${folder}/theirs.mapping.json`);
    expect([...Deno.readDirSync(folder)].length).toBe(1);
  }));

Deno.test("idl exits with 1 when no event tells of a deposit, a withdrawal or an initialisation, and says which", () =>
  withIdl(oldIdl(VAULT_PROGRAMS.multisig), async (run) => {
    const { code, out, complaint } = await run("theirs.json", "--quiet");
    expect([code, complaint]).toEqual([1, "Cannot keep a ledger of it: no event tells of deposit, withdrawal\n"]);
    expect(out).toMatch(/^ +event +DepositEvent +nothing is named as vault$/m);
    expect(out).not.toMatch("VaultInitialized");
  }));

Deno.test("idl shows the bytes of what has no fixed length", () =>
  withIdl(
    newIdl({
      ...VAULT_PROGRAMS.closing,
      events: {
        DepositEvent: "user:pubkey vault:pubkey amount:u64 seq:option<u64>",
        WithdrawEvent: "user:pubkey vault:pubkey amount:u64 memo:string",
      },
    }),
    async (run) => {
      const { code, out } = await run("theirs.json");
      expect(code).toBe(1);
      expect(out).toMatch(/^event +DepositEvent +deposit +81-89 +/m);
      expect(out).toMatch(/^event +WithdrawEvent +withdrawal +84\+ +/m);
    },
  ));

Deno.test("idl writes the mapping, and never over one that somebody has corrected without being told to", () =>
  withIdl(oldIdl(VAULT_PROGRAMS.old), async (run, folder) => {
    const path = `${folder}/theirs.mapping.json`;
    expect((await run("theirs.json", "--write")).code).toBe(0);
    const written = await Deno.readTextFile(path);
    expect(JSON.parse(written).events.TransferEvent).toEqual({
      effect: "transfer",
      fields: { vault: "from", to_vault: "to", amount: "amount", at: "timestamp" },
    });
    expect(JSON.parse(written).vault_seeds).toEqual(["vault_v1", { part: "owner" }]);
    expect(JSON.parse(written).instructions.initializeVault).toEqual({
      ...{
        effect: "initialise",
        accounts: { mint: "usdtMint", token_account: "vaultTokenAccount", owner: "user", vault: "vault" },
      },
    });
    expect(await run("theirs.json", "--write", "--quiet")).toEqual({ code: 0, out: "", complaint: "" });

    const corrected = written.replace('"effect": "transfer"', '"effect": "fee"').replace(
      /,\s*"at": "timestamp"(\s*}\s*}\s*},\s*"instr)/,
      "$1",
    );
    await Deno.writeTextFile(path, corrected);
    const shown = await run("theirs.json");
    expect([shown.code, shown.complaint]).toEqual([0, ""]);
    expect(shown.out).toMatch(/^event +TransferEvent +fee +/m);
    expect(shown.out).toMatch(
      '  - events.TransferEvent.effect = "fee"\n  + events.TransferEvent.effect = "transfer"\n',
    );
    const refused = await run("theirs.json", "--write");
    expect([refused.code, refused.complaint]).toEqual([1, `${path} is left as it is: --force writes over it\n`]);
    expect(await Deno.readTextFile(path)).toBe(corrected);
    expect((await run("theirs.json", "--write", "--force")).code).toBe(0);
    expect(await Deno.readTextFile(path)).toBe(written);

    expect((await run("theirs.json", "--write", "--out", "elsewhere.json")).code).toBe(0);
    expect(await Deno.readTextFile(`${folder}/elsewhere.json`)).toBe(written);
  }));

Deno.test("idl takes a mapping that lies beside the IDL for what counts: it makes good what was not understood, or is refused", () =>
  withIdl(newIdl(VAULT_PROGRAMS.quant), async (run, folder) => {
    expect((await run("theirs.json", "--write")).code).toBe(1);
    const path = `${folder}/theirs.mapping.json`;
    const mapping = JSON.parse(await Deno.readTextFile(path));
    mapping.events.VaultInitialized = {
      effect: "initialise",
      fields: { owner: "user", vault: "vault", at: "timestamp" },
    };
    await Deno.writeTextFile(path, JSON.stringify(mapping));
    const corrected = await run("theirs.json", "--quiet");
    expect(corrected).toEqual({ code: 0, out: "", complaint: "" });

    mapping.events.CollateralLocked = { effect: "none" };
    await Deno.writeTextFile(path, JSON.stringify(mapping));
    expect((await run("theirs.json")).out).toMatch(/^event +CollateralLocked +none$/m);

    mapping.events.DepositEvent.fields.amount = "sum";
    await Deno.writeTextFile(path, JSON.stringify(mapping));
    const refused = await run("theirs.json");
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect((await run("theirs.json", "--write")).complaint).toBe(refused.complaint);
    expect(refused.complaint).toMatch(
      "Cannot use the IDL: mapping.events.DepositEvent.fields.amount must be one of user, amount",
    );
    expect((await run("theirs.json", "--write", "--force")).out).toMatch(`The mapping is ${path}`);
    expect((await run("theirs.json")).complaint).toMatch("no event tells of initialise");
  }));

Deno.test("idl refuses a wrong IDL, a wrong address and a wrong command line, each by its name", () =>
  withIdl({ ...newIdl(VAULT_PROGRAMS.standard), events: [{ name: "A" }] }, async (run, folder) => {
    const complaintOf = async (...args: string[]): Promise<[number, string]> => {
      const { code, complaint } = await run(...args);
      return [code, complaint.split("\n")[0] ?? ""];
    };
    expect(await complaintOf("theirs.json")).toEqual([
      1,
      "Cannot use the IDL: events[0].name must be a type of the IDL: A is none",
    ]);
    await Deno.writeTextFile(`${folder}/right.json`, JSON.stringify(newIdl(VAULT_PROGRAMS.standard)));
    expect(await complaintOf("right.json", "--program", "x")).toEqual([
      1,
      "Cannot use the IDL: address must be a public key: current value is x",
    ]);
    expect((await complaintOf("nothing.json"))[1]).toMatch(`Cannot read ${folder}/nothing.json`);
    await Deno.writeTextFile(`${folder}/wrong.json`, "{");
    expect((await complaintOf("wrong.json"))[1]).toMatch(`Cannot read ${folder}/wrong.json`);
    expect(await complaintOf()).toEqual([2, "One IDL at a time must be named"]);
    expect(await complaintOf("a.json", "b.json")).toEqual([2, "One IDL at a time must be named"]);
    expect((await complaintOf("a.json", "--wirte"))[0]).toBe(2);
    expect((await run("--help")).out).toMatch("deno task idl FILE");
  }));
