/**
 * Writes what a relay did as one line of CloudWatch's embedded metric format, through Powertools Metrics. It exists because a
 * relay that lags or fails leaves every environment with old values and no error anywhere: this line is what alarms watch.
 * It must never throw, since an invocation that has published everything must not fail for its metrics.
 */
import { Metrics } from "@aws-lambda-powertools/metrics";
import { METRICS_NAMESPACE, RELAY_METRICS } from "./names.js";

/** The figures of one invocation of a relay. */
export interface RelayFigures {
  readonly source: string | undefined;
  readonly records: number;
  readonly ids: number;
  readonly sources: number;
  readonly notUnderstood: number;
  readonly failures: number;
  readonly lagMs: number | undefined;
}

export interface RelaySinkOptions {
  readonly serviceName?: string | undefined;
  readonly functionName?: string | undefined;
}

export function createRelaySink({ serviceName, functionName = "unknown" }: RelaySinkOptions) {
  return (figures: RelayFigures): void => {
    try {
      const { source = "unknown", sources, notUnderstood } = figures;
      // New each time, since a relay may serve several streams, and nothing may be held over from a line that failed.
      const metrics = new Metrics({
        namespace: METRICS_NAMESPACE,
        serviceName: serviceName ?? functionName,
        defaultDimensions: { function: functionName, stream: source },
      });
      for (const [name, metric] of Object.entries(RELAY_METRICS)) {
        const value = figures[name as keyof typeof RELAY_METRICS];
        if (value !== undefined) metrics.addMetric(metric, name === "lagMs" ? "Milliseconds" : "Count", value);
      }
      // Metadata is typed as text, but goes into the line as it is.
      for (const [name, value] of Object.entries({ sources, notUnderstood })) {
        metrics.addMetadata(name, value as unknown as string);
      }
      metrics.publishStoredMetrics();
    } catch {
      // There is nobody to tell: the relay's work is done, and the alarm on its missing data says the rest.
    }
  };
}
