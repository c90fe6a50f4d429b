/** The built product: what is measured is what ships. */

/** The door of a folder in `dist`, or another one that is published. */
export const shipped = (folder, door = 'index') =>
  import(new URL(`../../dist/${folder}/${door}.js`, import.meta.url).href);
