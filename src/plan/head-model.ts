/**
 * What the head of a log in DynamoDB costs its readers and writers on average. Its size moves between what is kept of it and its
 * limit, so everything that depends on it is a mean over that.
 */
import { trimmingAt } from "../dynamodb/trimming.js";

export interface HeadFigures {
  /** Of one reading's first call. */
  readonly headUnits: number;
  /** Readings that find themselves further behind than the head goes back. */
  readonly secondShare: number;
  /** Of the second call, as a mean over all readings. */
  readonly secondUnits: number;
  readonly writeUnitsPerSecond: number;
}

const STEPS = 40;
const READ_UNIT_BYTES = 4_096;
const WRITE_UNIT_BYTES = 1_024;
/** A reader asks for the segments from so many records before its next one: that may lie within one. */
const REACH_BACK_RECORDS = 34;

export function headOf(
  figures: {
    readonly maxStalenessMs: number;
    readonly invocationsPerSecond: number;
    readonly invalidationsPerSecond: number;
    readonly dynamodbMs: number;
  },
  recordBytes: number,
): HeadFigures {
  const { maxStalenessMs, invocationsPerSecond, invalidationsPerSecond, dynamodbMs } = figures;
  const { limit, kept } = trimmingAt(invalidationsPerSecond);
  const stored = recordBytes + 1;
  // What comes while room is made: the segment is put, then the head is trimmed.
  const meanwhile = ((invalidationsPerSecond * 2 * dynamodbMs) / 1_000) * stored;
  const sizes = Array.from({ length: STEPS }, (_, step) => kept + meanwhile + ((limit - kept) * (step + 0.5)) / STEPS);
  const mean = (of: (bytes: number) => number) => sizes.reduce((sum, bytes) => sum + of(bytes), 0) / STEPS;
  /** How likely a reading is to find more than such a head holds, and then what its second call reads. */
  function furtherBehind(bytes: number): { readonly share: number; readonly units: number } {
    const headSeconds = bytes / stored / invalidationsPerSecond;
    // The bound has passed, and the next invocation comes at random: later than that, one has no memory.
    const beyondBound = Math.max(0, headSeconds - maxStalenessMs / 1_000);
    const share = Math.exp(-beyondBound * invocationsPerSecond);
    const missed = maxStalenessMs / 1_000 + beyondBound - headSeconds + 1 / invocationsPerSecond;
    const records = invalidationsPerSecond * missed + REACH_BACK_RECORDS;
    // Units are whole: of something that varies, half of one more on average.
    return { share, units: Math.max(1, (records * stored) / READ_UNIT_BYTES + 0.5) };
  }

  const secondShare = mean((bytes) => furtherBehind(bytes).share);
  const secondUnits = mean((bytes) => furtherBehind(bytes).share * furtherBehind(bytes).units);
  // A seal puts the segment, and updates the head.
  const seal = writeUnits(limit - kept) + writeUnits(limit + meanwhile);
  const sealsPerRecord = stored / (limit - kept);
  return {
    headUnits: mean((bytes) => Math.ceil(bytes / READ_UNIT_BYTES)),
    secondShare,
    secondUnits,
    writeUnitsPerSecond: invalidationsPerSecond * (mean(writeUnits) + seal * sealsPerRecord),
  };
}

function writeUnits(bytes: number): number {
  return Math.ceil(bytes / WRITE_UNIT_BYTES);
}
