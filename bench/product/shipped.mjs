/** The built product: what is measured is what ships. */

/** The door of a folder in `dist`. */
export const shipped = (folder) => import(new URL(`../../dist/${folder}/index.js`, import.meta.url).href);
