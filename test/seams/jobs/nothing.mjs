/** Exports no job. */
export const other = 1;
