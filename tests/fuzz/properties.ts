/**
 * What must hold for every data id and every record, whoever wrote it. Shared by a slice in the tests and by
 * `npm run fuzz`.
 */
import fc from "fast-check";
import { dataId, parseDataId, toDataId } from "../../src/core/data-id.js";
import { type DecodedRecord, encodeRecord, type Invalidation } from "../../src/core/record.js";
import { InvalidDataIdError } from "../../src/errors.js";
import { readWhole } from "../support/read-whole.js";
import {
  anyText,
  bytes,
  decoded,
  junk,
  keysName,
  nearPair,
  recordBytes,
  recordText,
  wellFormed,
  wholeKey,
  wireKey,
} from "./inputs.js";

export interface Property {
  readonly name: string;
  /** Its share of all runs. */
  readonly weight: number;
  readonly property: fc.IRawProperty<unknown>;
}

const CANONICAL = /^id=(?:[A-Za-z0-9\-_.~+]|%[0-9A-F]{2})*&s=(?:[A-Za-z0-9\-_.~+]|%[0-9A-F]{2})*&t=data\.ID$/;

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
    property: fc.property(nearPair, ([[source, id], [otherSource, otherId]]) => {
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
      holds(CANONICAL.test(id.toString()), "its form is canonical");
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
    property: fc.property(recordBytes, (data) => isSound(readWhole(data))),
  },
  {
    name: "a record that names an id, in whatever spelling and company, drops that id",
    weight: 3,
    property: fc.property(recordText, keysName, wholeKey, (company, field, { source, id, text }) => {
      const rest = company === "{}" ? "" : `${company.slice(1, -1)},`;
      // Last, since of a field given twice in the same case the last counts.
      const { keys, all } = readWhole(bytes(`{${rest}"${field}":[${JSON.stringify(text)}]}`));
      holds(all || keys.includes(dataId(source, id).toString()), "the id is dropped");
    }),
  },
  {
    name: "what is encoded is decoded as the same",
    weight: 2,
    property: fc.property(fc.array(wireKey), fc.array(wellFormed), fc.boolean(), (keys, sources, all) => {
      const back = readWhole(encodeRecord({ keys, sources, all }, 1_800_000_000_000));
      isSound(back);
      holds(JSON.stringify(back) === JSON.stringify({ keys, sources, all }), "the same comes back");
    }),
  },
  {
    name: "whatever a user's decode returns or throws, the record is sound or drops everything",
    weight: 2,
    property: fc.property(fc.oneof(junk, { arbitrary: decoded, weight: 4 }), fc.nat(7), (returned, chance) => {
      const throws = chance === 0;
      const decode = () => {
        if (throws) throw returned;
        return returned as object;
      };
      const read = readWhole(new Uint8Array(), decode);
      isSound(read);
      if (throws) holds(read.notUnderstood !== undefined, "what is thrown is not understood");
      if (read.notUnderstood !== undefined) return;
      const { ids = [], sources = [] } = returned as DecodedRecord;
      // An id that is named twice may be said twice: dropping it again is harmless.
      const keys = new Set([...ids].map((id) => toDataId(id).toString()));
      holds(
        new Set(read.keys).size === keys.size && read.sources.length === [...sources].length,
        "nothing is passed over",
      );
    }),
  },
];
