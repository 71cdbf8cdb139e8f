/**
 * Environments of another function, which change data and say so, through the shipped publisher. There are as many of them as
 * such rates need: none has more than a few invalidations a second, so that sharing appends saves them little.
 */
import type { Random } from "../../src/core/clock.js";
import { createOwnRecords } from "../../src/core/own-records.js";
import { createRecordPublisher } from "../../src/core/publishing/publisher.js";
import { PublishError } from "../../src/errors.js";
import { exponential, nonceOf } from "./arrivals.js";
import { Datum } from "./data.js";
import type { LogService } from "./log-service.js";
import type { Measures } from "./measures.js";
import type { VirtualClock } from "./virtual-clock.js";

/** Invalidations a second of one writer, at most. */
export const PER_WRITER = 5;
/** So many of all invalidations name what the environments have cached; the rest, data that nobody reads just now. */
export const HOT_SHARE = 0.05;
const COLD_DATA = 100_000;
const PUBLISH_TIMEOUT_MS = 10_000;

export interface WritersDeps {
  readonly service: LogService;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly data: readonly Datum[];
  readonly measures: () => Measures;
}

export function startWriters(perSecond: number, { service, clock, random, data, measures }: WritersDeps): void {
  const writers = Math.ceil(perSecond / PER_WRITER);
  const gap = () => exponential((1_000 * writers) / perSecond, random);

  function choose(): Datum {
    const hot = data[Math.floor(random() * data.length)];
    return hot !== undefined && random() < HOT_SHARE ? hot : new Datum(`cold-${Math.floor(random() * COLD_DATA)}`);
  }

  for (let writer = 0; writer < writers; writer++) {
    const own = createOwnRecords(() => nonceOf(random));
    const publisher = createRecordPublisher(service.connect(random), clock, random, own);
    const write = async () => {
      clock.after(gap(), () => void write());
      const datum = choose();
      const version = datum.write();
      const beganMs = clock.monotonic();
      try {
        await publisher.publish({ keys: [datum.id.toString()] }, PUBLISH_TIMEOUT_MS);
        datum.acknowledged(version, clock.monotonic());
        measures().published++;
        measures().publishing.add(clock.monotonic() - beganMs);
      } catch (error) {
        if (!(error instanceof PublishError)) throw error;
        measures().unpublished++;
      }
    };
    clock.after(gap(), () => void write());
  }
}
