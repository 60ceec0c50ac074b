/** Whom a TLS client says that it wants to speak to. */
import { Duplex } from "node:stream";
import { connect } from "node:tls";
import { describe, expect, test } from "vitest";
import { serverNameOf } from "../../src/runner/server-name.ts";

/** What Node's own client sends first. */
async function helloTo(servername: string): Promise<Buffer> {
  return await new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk);
        done();
      },
    });
    connect({ socket: wire, servername }).on("error", () => {});
  });
}

function sized(bytes: number, body: Buffer): Buffer {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(body.length, 0, bytes);
  return Buffer.concat([length, body]);
}
const extension = (kind: number, body: Buffer) => Buffer.concat([Buffer.from([kind >> 8, kind & 255]), sized(2, body)]);
const named = (...names: readonly string[]) =>
  extension(
    0,
    sized(2, Buffer.concat(names.map((name) => Buffer.concat([Buffer.of(0), sized(2, Buffer.from(name))])))),
  );

/** In one record, or in several of so many bytes. */
function hello(extensions: readonly Buffer[], recordBytes = 16_384): Buffer {
  const choices = [sized(1, Buffer.alloc(0)), sized(2, Buffer.of(19, 1)), sized(1, Buffer.of(0))];
  const body = Buffer.concat([Buffer.alloc(34, 3), ...choices, sized(2, Buffer.concat(extensions))]);
  const message = Buffer.concat([Buffer.of(1), sized(3, body)]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    records.push(Buffer.of(22, 3, 1), sized(2, message.subarray(at, at + recordBytes)));
  }
  return Buffer.concat(records);
}

describe("the name of a TLS client", () => {
  test("is what Node's client says, however few bytes have come", async () => {
    const sent = await helloTo("registry.example");
    expect(serverNameOf(sent)).toEqual({ kind: "named", name: "registry.example" });
    for (let bytes = 0; bytes < sent.length; bytes += 1) {
      expect(serverNameOf(sent.subarray(0, bytes))).toEqual({ kind: "unfinished" });
    }
  });

  test.each([1, 7, 16_384])("is read where its records hold %i bytes", (recordBytes) => {
    const sent = hello([extension(43, Buffer.alloc(3)), named("registry.example")], recordBytes);
    expect(serverNameOf(sent)).toEqual({ kind: "named", name: "registry.example" });
  });

  test.each<readonly [what: string, sent: Buffer]>([
    ["there is none", hello([extension(43, Buffer.alloc(3))])],
    ["there are two", hello([named("registry.example", "evil.example")])],
    ["it is said twice", hello([named("registry.example"), named("evil.example")])],
    ["another is hidden behind it (ECH)", hello([named("registry.example"), extension(0xfe0d, Buffer.alloc(9))])],
    ["it is longer than what holds it", hello([extension(0, Buffer.of(0, 9, 0, 0, 200, 1))])],
    ["the hello is larger than any", Buffer.of(22, 3, 1, 0, 4, 1, 1, 0, 0)],
    ["another message comes first", Buffer.of(22, 3, 1, 0, 4, 2, 0, 0, 0)],
    [
      "it is cut into so many records that it never ends",
      hello([extension(43, Buffer.alloc(15_000))], 1).subarray(0, 70_000),
    ],
    ["a record is empty", Buffer.of(22, 3, 1, 0, 0)],
    ["it is no TLS", Buffer.from("GET / HTTP/1.1\r\n")],
  ])("is unclear where %s", (_what, sent) => {
    expect(serverNameOf(sent)).toEqual({ kind: "unclear" });
  });
});
