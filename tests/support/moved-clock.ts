/**
 * Moves the wall clock that the package sees, as a freeze does: hours pass, timers do not. The embedded services, in
 * threads of their own, keep the true time; monotonic time goes on as it does.
 */
import { jest } from "@jest/globals";

export interface MovedClock {
  advance(ms: number): void;
  restore(): void;
}

export function moveClock(): MovedClock {
  const now = Date.now.bind(Date);
  let offsetMs = 0;
  const spy = jest.spyOn(Date, "now").mockImplementation(() => now() + offsetMs);
  return {
    advance(ms) {
      offsetMs += ms;
    },
    restore: () => spy.mockRestore(),
  };
}
