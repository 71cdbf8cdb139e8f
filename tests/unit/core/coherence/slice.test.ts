/** That long work gives way, that short work does not, and that many workers share one slice. */
import { expect, test } from "@jest/globals";
import { createSlice } from "../../../../src/core/coherence/slice.js";
import { ManualClock, settled } from "../../../../src/testing/manual-clock.js";

function create() {
  const clock = new ManualClock();
  let looks = 0;
  const slice = createSlice({
    now: () => clock.now(),
    monotonic: () => {
      looks++;
      return clock.monotonic();
    },
    after: (ms, callback) => clock.after(ms, callback),
  });
  looks = 0;
  return { clock, slice, looks: () => looks };
}

test("a slice is over after 3 ms, and not before", async () => {
  const { clock, slice } = create();
  await clock.advance(2.9);
  expect(slice.isOver(100_000)).toBe(false);
  await clock.advance(0.1);
  expect(slice.isOver(100_000)).toBe(true);
});

test("the clock is looked at once for 100 us of work, however small its pieces", async () => {
  const { clock, slice, looks } = create();
  await clock.advance(10);
  const over = Array.from({ length: 250 }, () => slice.isOver(1_000));
  expect([over.indexOf(true), over.filter(Boolean).length, looks()]).toEqual([99, 2, 2]);
});

test("the next slice begins in another turn of the event loop, and lasts as long", async () => {
  const { clock, slice } = create();
  await clock.advance(3);
  let begun = false;
  const next = slice.next().then(() => (begun = true));
  await settled();
  expect([begun, clock.pendingTimers]).toEqual([false, 1]);
  await clock.next();
  await next;
  expect([slice.isOver(100_000), clock.pendingTimers]).toEqual([false, 0]);
  await clock.advance(3);
  expect(slice.isOver(100_000)).toBe(true);
});

test("all that wait go on in the same turn, which is one slice for them together", async () => {
  const { clock, slice } = create();
  const order: string[] = [];
  const waiting = ["a", "b"].map((name) => slice.next().then(() => order.push(name)));
  expect(clock.pendingTimers).toBe(1);
  await clock.next();
  await Promise.all(waiting);
  expect(order).toEqual(["a", "b"]);
  const later = slice.next();
  expect(clock.pendingTimers).toBe(1);
  await clock.next();
  await later;
});
