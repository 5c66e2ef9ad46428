/** Items that a list answers with unless it is asked for another number. */
export const DEFAULT_PAGE_SIZE = 100;
export const MAX_PAGE_SIZE = 500;
