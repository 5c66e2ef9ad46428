/** The pages about the past of a network, in one chunk that is loaded when the first of them is opened. */
export { ExplainPage } from './explain-page.js';
export { HistoryPage } from './history-page.js';
