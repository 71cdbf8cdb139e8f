/** What was asked for makes no sense: `--help` says what does. */
export class UsageError extends Error {}
