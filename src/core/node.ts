/**
 * What the core needs of Node because the language cannot tell it: which kind of object a value is, without running any
 * of its code, and which call, through however many awaits, another call comes from. Neither is I/O, time or chance, and
 * neither will ever have a second implementation: so the core imports them, where it is handed everything else.
 * Nothing else of Node may come in through here.
 */
export { AsyncLocalStorage } from "node:async_hooks";
// Not "node:util": whoever imports that has Node load its parsers of arguments and of MIME types, too.
export {
  isAnyArrayBuffer,
  isDataView,
  isDate,
  isMap,
  isPromise,
  isProxy,
  isSet,
  isStringObject,
} from "node:util/types";
