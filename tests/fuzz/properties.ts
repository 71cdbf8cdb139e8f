/**
 * What must hold for every data id and every record, whoever wrote it. Shared by a slice in the tests and by
 * `npm run fuzz`. Inputs are structured ones, near misses of them, and raw bytes.
 */
import fc from "fast-check";
import { dataId, parseDataId } from "../../src/core/data-id.js";
import { decodeRecord, encodeRecord, type Invalidation } from "../../src/core/invalidation-record.js";
import { InvalidDataIdError } from "../../src/errors.js";

export interface Property {
  readonly name: string;
  /** Its share of all runs. */
  readonly weight: number;
  readonly property: fc.IRawProperty<unknown>;
}

const CANONICAL = /^id=(?:[A-Za-z0-9\-_.~+]|%[0-9A-F]{2})*&s=(?:[A-Za-z0-9\-_.~+]|%[0-9A-F]{2})*&t=data\.ID$/;

/** Any text with a UTF-8 form, the awkward characters often. */
const wellFormed = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("a", "&", "=", "%", "+", " ", ";", "/", "~", "!", "'", "(", ")", "*", "ü", "\u{1F600}", "\0"),
  }),
);

/** Pieces of wire keys in any order: most are malformed. */
const nearlyWire = fc
  .array(
    fc.constantFrom(
      "id=",
      "s=",
      "t=",
      "data.ID",
      "&",
      ";",
      "=",
      "%",
      "%4",
      "%41",
      "%zz",
      "%ff",
      "+",
      "a",
      "ü",
      "__proto__",
    ),
  )
  .map((parts) => parts.join(""));

const anyText = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.string({ unit: "binary-ascii" }), nearlyWire);

const fieldName = fc.oneof(
  fc.constantFrom(
    "keys",
    "Keys",
    "KEYS",
    "\u212Aeys",
    "sources",
    "all",
    "v",
    "ts",
    "__proto__",
    "constructor",
    "prototype",
  ),
  fc.string(),
);
const wireKey = fc.tuple(wellFormed, wellFormed).map(([source, id]) => dataId(source, id).toString());
const fieldValue = fc.oneof(
  fc.array(fc.oneof(wireKey, nearlyWire, fc.constant(null))),
  fc.jsonValue(),
  fc.constantFrom(true, false, null, 1, 2, "1", "2026-01-01T00:00:00Z", "2026-13-01T00:00:00Z"),
);
/** JSON text of something like a record; `__proto__` as an own field, a field twice. */
const recordText = fc
  .array(fc.tuple(fieldName, fieldValue), { maxLength: 6 })
  .map((fields) => `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`);

const bytes = (text: string) => new TextEncoder().encode(text);
const recordBytes = fc.oneof(
  recordText.map(bytes),
  fc.json().map(bytes),
  fc.uint8Array(),
  fc.tuple(recordText.map(bytes), fc.nat(), fc.nat(255)).map(([data, at, byte]) => data.with(at % data.length, byte)),
);

function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Undefined when the text is refused with the documented error; any other error passes through. */
function parsed(text: string): ReturnType<typeof parseDataId> | undefined {
  try {
    return parseDataId(text);
  } catch (error) {
    if (error instanceof InvalidDataIdError) return undefined;
    throw error;
  }
}

const prototypeKeys = Reflect.ownKeys(Object.prototype).length;
const arrayPrototypeKeys = Reflect.ownKeys(Array.prototype).length;

function isSound(invalidation: Invalidation): void {
  const { keys, sources, all, notUnderstood } = invalidation;
  holds(Array.isArray(keys) && Array.isArray(sources) && typeof all === "boolean", "the shape of an invalidation");
  holds(notUnderstood === undefined || (all && keys.length === 0), "what is not understood drops everything");
  for (const key of keys) holds(parsed(key)?.toString() === key, "keys are canonical");
  for (const source of sources) holds(typeof source === "string", "sources are texts");
  holds(Reflect.ownKeys(Object.prototype).length === prototypeKeys, "Object.prototype is as it was");
  holds(Reflect.ownKeys(Array.prototype).length === arrayPrototypeKeys, "Array.prototype is as it was");
}

/** The key with every byte escaped, fields in another order, and a field more. */
function spelledDifferently(source: string, id: string): string {
  const escaped = (text: string) =>
    Array.from(bytes(text), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  return `t=x&s=${escaped(source)}&other=1&id=${escaped(id)}&id=second`;
}

export const PROPERTIES: readonly Property[] = [
  {
    name: "a data id reads back as itself, and other readers of forms agree",
    weight: 3,
    property: fc.property(wellFormed, wellFormed, (source, id) => {
      const wire = dataId(source, id).toString();
      holds(CANONICAL.test(wire), "the wire form is canonical");
      const back = parseDataId(wire);
      holds(back.source === source && back.id === id, "source and id come back");
      const form = new URLSearchParams(wire);
      holds(form.get("s") === source && form.get("id") === id, "URLSearchParams reads the same");
    }),
  },
  {
    name: "two data ids have one wire form only if they are the same",
    weight: 2,
    property: fc.property(wellFormed, wellFormed, wellFormed, wellFormed, (source, id, otherSource, otherId) => {
      const same = source === otherSource && id === otherId;
      holds((dataId(source, id).toString() === dataId(otherSource, otherId).toString()) === same, "one form each");
    }),
  },
  {
    name: "any text is a data id whose form reads back as the same, or is refused",
    weight: 4,
    property: fc.property(anyText, (text) => {
      const id = parsed(text);
      if (id === undefined) return;
      const again = parseDataId(id.toString());
      holds(again.source === id.source && again.id === id.id, "its form reads back");
    }),
  },
  {
    name: "a half surrogate pair is refused, never written as something else",
    weight: 1,
    property: fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 0xd800, max: 0xdfff }), (text, half) => {
      const broken = `${text} ${String.fromCharCode(half)} ${text}`;
      let refused = 0;
      for (const make of [() => dataId(broken, "1"), () => dataId("s", broken)]) {
        try {
          make();
        } catch (error) {
          if (!(error instanceof InvalidDataIdError)) throw error;
          refused++;
        }
      }
      holds(refused === 2, "both are refused");
    }),
  },
  {
    name: "any record is decoded without throwing into something sound",
    weight: 6,
    property: fc.property(recordBytes, (data) => isSound(decodeRecord(data))),
  },
  {
    name: "a record that names an id, in whatever spelling and company, drops that id",
    weight: 3,
    property: fc.property(recordText, wellFormed, wellFormed, (company, source, id) => {
      const rest = company === "{}" ? "" : `,${company.slice(1, -1)}`;
      const field = fc.sample(fc.constantFrom("keys", "Keys", "kEYS"), { numRuns: 1, seed: source.length })[0];
      const text = `{"${field}":[${JSON.stringify(spelledDifferently(source, id))}]${rest}}`;
      const { keys, all } = decodeRecord(bytes(text));
      const sameFieldAgain = rest.includes(`${JSON.stringify(field)}:`);
      holds(all || sameFieldAgain || keys.includes(dataId(source, id).toString()), "the id is dropped");
    }),
  },
  {
    name: "what is encoded is decoded as the same",
    weight: 2,
    property: fc.property(fc.array(wireKey), fc.array(wellFormed), fc.boolean(), (keys, sources, all) => {
      const back = decodeRecord(encodeRecord({ keys, sources, all }, 1_800_000_000_000));
      isSound(back);
      holds(JSON.stringify(back) === JSON.stringify({ keys, sources, all }), "the same comes back");
    }),
  },
  {
    name: "whatever a user's decode returns or throws, the record is sound or drops everything",
    weight: 2,
    property: fc.property(
      fc.anything({ withNullPrototype: true, withBigInt: true }),
      fc.boolean(),
      (returned, throws) => {
        const decode = () => {
          if (throws) throw returned;
          return returned as object;
        };
        isSound(decodeRecord(new Uint8Array(), decode));
      },
    ),
  },
];
