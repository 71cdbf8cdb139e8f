/**
 * Checks one log line against the embedded metric format: AWS's published structure and the limits CloudWatch holds to.
 * It exists because CloudWatch drops a line it does not like without telling anyone.
 * It knows nothing of scache, so that it cannot share our mistakes; it returns problems and never throws.
 */

const UNITS: ReadonlySet<string> = new Set([
  ...["Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "None"],
  ...["Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"].flatMap((unit) => [unit, `${unit}/Second`]),
  ...["Bits", "Kilobits", "Megabits", "Gigabits", "Terabits"].flatMap((unit) => [unit, `${unit}/Second`]),
  "Count/Second",
]);
const MAX_EVENT_BYTES = 256 * 1024;
const MAX_METRICS = 100;
const MAX_VALUES = 100;
const MAX_DIMENSIONS = 30;
const MAX_NAME = 1024;
const MAX_NAMESPACE = 255;
const MAX_DIMENSION_NAME = 250;
const MAX_DIMENSION_VALUE = 1024;
const LARGEST_VALUE = 2 ** 360;
const TWO_WEEKS_MS = 14 * 24 * 3_600_000;
const TWO_HOURS_MS = 2 * 3_600_000;

type Fields = Record<string, unknown>;

/** Everything CloudWatch would object to, in words; empty when the line is good. */
export function emfProblems(line: string, nowMs: number): string[] {
  if (/[\n\r]/.test(line.trimEnd())) return ["more than one line"];
  if (Buffer.byteLength(line) > MAX_EVENT_BYTES) return [`${Buffer.byteLength(line)} bytes`];
  const root = parse(line);
  if (root === undefined) return ["not a JSON object"];
  const meta = root._aws;
  if (!isFields(meta)) return ["no _aws at the top level"];
  const directives = meta.CloudWatchMetrics;
  if (!Array.isArray(directives)) return ["no _aws.CloudWatchMetrics array"];
  if (directives.length === 0) return ["no metric directive"];
  return [
    ...timestampProblems(meta.Timestamp, nowMs),
    ...directives.flatMap((directive, index) => directiveProblems(directive, root, index)),
  ];
}

function timestampProblems(timestamp: unknown, nowMs: number): string[] {
  if (!Number.isInteger(timestamp)) return [`Timestamp ${String(timestamp)} is no integer`];
  const ageMs = nowMs - Number(timestamp);
  if (ageMs > TWO_WEEKS_MS) return ["Timestamp is more than two weeks old"];
  return ageMs < -TWO_HOURS_MS ? ["Timestamp is more than two hours ahead"] : [];
}

function directiveProblems(directive: unknown, root: Fields, index: number): string[] {
  if (!isFields(directive)) return [`directive ${index} is no object`];
  const { Namespace, Dimensions, Metrics } = directive;
  const problems = namespaceProblems(Namespace);
  if (!Array.isArray(Dimensions)) return [...problems, "Dimensions is no array"];
  if (!Array.isArray(Metrics)) return [...problems, "Metrics is no array"];
  if (Metrics.length > MAX_METRICS) problems.push(`${Metrics.length} metrics`);
  for (const set of Dimensions) problems.push(...dimensionSetProblems(set, root));
  for (const metric of Metrics) problems.push(...metricProblems(metric, root));
  const names = [...Metrics.map((metric: Fields) => metric.Name), ...new Set(Dimensions.flat())];
  for (const name of names.filter((name, at) => names.indexOf(name) !== at)) {
    problems.push(`${String(name)} is defined twice`);
  }
  return problems;
}

function namespaceProblems(namespace: unknown): string[] {
  if (typeof namespace !== "string" || namespace.trim() === "") return ["no Namespace"];
  if (namespace.length > MAX_NAMESPACE) return ["Namespace is too long"];
  if (/^(AWS\/|:)/.test(namespace)) return ["Namespace is reserved"];
  return /^[\w.\-/#: ]+$/.test(namespace) ? [] : ["Namespace has characters CloudWatch refuses"];
}

function dimensionSetProblems(set: unknown, root: Fields): string[] {
  if (!Array.isArray(set)) return ["a dimension set is no array"];
  const problems: string[] = [];
  if (set.length > MAX_DIMENSIONS) problems.push(`${set.length} dimensions in a set`);
  if (new Set(set).size < set.length) problems.push("a dimension set names a dimension twice");
  for (const name of set) {
    if (typeof name !== "string" || name.trim() === "" || name.length > MAX_DIMENSION_NAME || name.startsWith(":")) {
      problems.push(`dimension name ${JSON.stringify(name)}`);
      continue;
    }
    const value = Object.hasOwn(root, name) ? root[name] : undefined;
    if (typeof value !== "string") problems.push(`dimension ${name} has no text at the top level`);
    else if (value.trim() === "" || value.length > MAX_DIMENSION_VALUE) problems.push(`dimension ${name} is ${value}`);
    else if (!/^[\x20-\x7e]*$/.test(value)) problems.push(`dimension ${name} is not printable ASCII`);
  }
  return problems;
}

function metricProblems(metric: unknown, root: Fields): string[] {
  if (!isFields(metric)) return ["a metric definition is no object"];
  const { Name, Unit, StorageResolution } = metric;
  if (typeof Name !== "string" || Name.trim() === "" || Name.length > MAX_NAME) return ["a metric without a name"];
  const problems: string[] = [];
  if (Unit !== undefined && !UNITS.has(String(Unit))) problems.push(`${Name}: unit ${String(Unit)}`);
  if (StorageResolution !== undefined && StorageResolution !== 1 && StorageResolution !== 60) {
    problems.push(`${Name}: resolution ${String(StorageResolution)}`);
  }
  if (!Object.hasOwn(root, Name)) return [...problems, `metric ${Name} has no value at the top level`];
  const target = root[Name];
  const values: unknown[] = Array.isArray(target) ? target : [target];
  if (values.length === 0 || values.length > MAX_VALUES) problems.push(`${Name}: ${values.length} values`);
  for (const value of values) {
    if (typeof value !== "number" || !Number.isFinite(value)) problems.push(`${Name}: ${JSON.stringify(value)}`);
    else if (Math.abs(value) > LARGEST_VALUE) problems.push(`${Name}: ${value} is too large`);
  }
  return problems;
}

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
