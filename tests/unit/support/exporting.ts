/** A module to be cached: its namespace cannot be frozen. */
export const settings = { nested: { list: [1] } };
export let changing = 1;
export const change = () => changing++;
