/**
 * What the properties are tried with: ids, wire keys, records and what a decoder may return. Most are good ones in
 * every spelling, since a property says nothing of what is refused at once; the rest are near misses, and noise.
 */
import fc from "fast-check";
import { dataId } from "../../src/core/data-id.js";

export const bytes = (text: string) => new TextEncoder().encode(text);

/** Any text with a UTF-8 form, the awkward characters often. */
export const wellFormed = fc.oneof(
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

/** A text as a form may have it: each character escaped or not, in either case, as the list says. */
function spelled(text: string, how: readonly number[]): string {
  const spell = (char: string, at: number) => {
    const escaped = Array.from(bytes(char), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    const plain = /[&;=%+]/.test(char) ? escaped : char;
    return [plain, escaped, escaped.toUpperCase(), char === " " ? "+" : plain][how[at % how.length] ?? 0];
  };
  return Array.from(text, spell).join("");
}

/** A wire key by any writer: any spelling, fields in any order, others among them; the first of each counts. */
const respelt = fc
  .tuple(
    fc.tuple(wellFormed, wellFormed, fc.constantFrom("data.ID", "x")),
    fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
    fc.shuffledSubarray(["id", "s", "t", "x", "=", ""], { minLength: 5 }),
  )
  .map(([[source, id, type], how, order]) => {
    const values: Record<string, string> = { id: spelled(id, how), s: spelled(source, how), t: type };
    const fields = order.map((name) => (name in values ? `${spelled(name, how)}=${values[name]}` : `${name}1`));
    // Without one of the three it names something else, or nothing.
    const whole = ["id", "s", "t"].every((name) => order.includes(name));
    return { source, id, whole, text: [...fields, "id=second", "s=second"].join("&") };
  });
export const wholeKey = respelt.filter(({ whole }) => whole);
const wholeKeyText = wholeKey.map(({ text }) => text);

/** A key with a piece of it gone, or with something in that place. */
const nearlyKey = fc
  .tuple(respelt, fc.nat(), fc.nat(2), fc.constantFrom("", "%", "%4", "%zz", "%FF", ";", "&", "=", "+", "?", "\0"))
  .map(([{ text }, at, gone, piece]) => {
    const start = at % text.length;
    return text.slice(0, start) + piece + text.slice(start + gone);
  });

export const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "binary-ascii" }),
  nearlyWire,
  { arbitrary: respelt.map(({ text }) => text), weight: 3 },
  { arbitrary: nearlyKey, weight: 3 },
);

type Named = readonly [source: string, id: string];

/** What a careless wire form would not tell from something else. */
const alike: Readonly<Record<string, (text: string) => string>> = {
  "the same": (text) => text,
  "its form": encodeURIComponent,
  "what it is the form of": (text) => new URLSearchParams(`=${text}`).get("") ?? "",
  "another case": (text) => (text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase()),
  "another composition": (text) => (text === text.normalize("NFD") ? text.normalize("NFC") : text.normalize("NFD")),
  "less space": (text) => text.trim(),
  "no end": (text) => text.split("\0")[0] ?? "",
};
const change = fc.constantFrom(...Object.values(alike));

const swapped = ([source, id]: Named): Named => [id, source];

/** Two ids that are the same or nearly so. */
export const nearPair: fc.Arbitrary<readonly [Named, Named]> = fc.oneof(
  fc.tuple(wellFormed, wellFormed, change, change).map(([source, id, one, other]): [Named, Named] => [
    [source, id],
    [one(source), other(id)],
  ]),
  // The same text, divided in two places, with or without what the wire form has between id and source.
  fc
    .tuple(wellFormed, wellFormed, wellFormed, fc.constantFrom("", "&s=", "&", "=", "%26s=", "+", "\0"), fc.boolean())
    .map(([first, middle, last, between, idFirst]): [Named, Named] => {
      const one: Named = [first, `${middle}${between}${last}`];
      const other: Named = [`${first}${between}${middle}`, last];
      return idFirst ? [swapped(one), swapped(other)] : [one, other];
    }),
  fc.tuple(wellFormed, wellFormed).map(([source, id]): [Named, Named] => [
    [source, id],
    [id, source],
  ]),
  fc.tuple(fc.tuple(wellFormed, wellFormed), fc.tuple(wellFormed, wellFormed)),
);

export const keysName = fc.constantFrom("keys", "Keys", "KEYS", "kEYS", "\u212Aeys");
const fieldName = fc.oneof(
  keysName,
  fc.constantFrom("sources", "all", "v", "ts", "__proto__", "constructor", "prototype"),
  fc.string(),
);
export const wireKey = fc.tuple(wellFormed, wellFormed).map(([source, id]) => dataId(source, id).toString());
const fieldValue = fc.oneof(
  fc.array(fc.oneof(wireKey, nearlyWire, fc.constant(null))),
  fc.jsonValue(),
  fc.constantFrom(true, false, null, 1, 2, "1", "2026-01-01T00:00:00Z", "2026-13-01T00:00:00Z"),
);
/** Fields as producers write them, but for a few. */
const field: fc.Arbitrary<[string, unknown]> = fc.oneof(
  { arbitrary: fc.tuple(keysName, fc.array(fc.oneof(wireKey, wholeKeyText))), weight: 8 },
  { arbitrary: fc.tuple(keysName, fc.array(fc.oneof(wireKey, anyText, fc.constant(null)))), weight: 1 },
  { arbitrary: fc.tuple(fc.constantFrom("sources", "Sources"), fc.array(wellFormed)), weight: 2 },
  { arbitrary: fc.tuple(fc.constantFrom("all", "ALL"), fc.boolean()), weight: 1 },
  {
    arbitrary: fc.constantFrom<[string, unknown]>(["v", 1], ["ts", "2026-01-01T00:00:00Z"], ["keys", null]),
    weight: 2,
  },
  { arbitrary: fc.tuple(fc.string(), fc.jsonValue()), weight: 1 },
  { arbitrary: fc.tuple(fieldName, fieldValue), weight: 1 },
);
/** JSON text of something like a record; `__proto__` as an own field, a field twice. */
export const recordText = fc
  .array(field, { maxLength: 6 })
  .map((fields) => `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`);

export const recordBytes = fc.oneof(
  { arbitrary: recordText.map(bytes), weight: 3 },
  fc.json().map(bytes),
  fc.uint8Array(),
  fc.tuple(recordText.map(bytes), fc.nat(), fc.nat(255)).map(([data, at, byte]) => data.with(at % data.length, byte)),
);

/** Ids as a user's decode may give them: ours, those of another copy of the package, objects that know theirs. */
const idLike = fc
  .tuple(wellFormed, wellFormed, fc.nat(2))
  .map(([source, id, kind]) => [dataId(source, id), { source, id }, { observableId: () => dataId(source, id) }][kind]);
export const junk = fc.anything({ withNullPrototype: true, withBigInt: true });
const mostly = <T>(good: fc.Arbitrary<T>, weight = 8): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: good, weight }, { arbitrary: junk, weight: 1 });
/** Lists and sets, of these with now and then something else. */
const listOf = (each: fc.Arbitrary<unknown>) => {
  const list = fc.array(mostly(each, 30));
  return mostly(
    fc.oneof(
      list,
      list.map((entries) => new Set(entries)),
    ),
  );
};
export const decoded = fc.record(
  { ids: listOf(idLike), sources: listOf(wellFormed), all: mostly(fc.boolean()) },
  { requiredKeys: [] },
);
