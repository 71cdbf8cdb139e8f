// Mutation testing runs the unit tests of the core, and nothing that opens a socket.
import base from "./jest.config.js";

export default { ...base, roots: ["<rootDir>/tests/unit/core"] };
