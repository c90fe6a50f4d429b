/** What is made of a mounted pack is made once, and forgotten with the pack. */

/**
 * A reader of packs that remembers what `make` answered for each, undefined as well. It goes by the data as an object: as long as a pack
 * is mounted its data is the same one. What is no object is no pack, and undefined.
 */
export function oncePerPack<V>(make: (data: object) => V | undefined): (data: unknown) => V | undefined {
  const made = new WeakMap<object, { value: V | undefined }>();
  return (data) => {
    if (typeof data !== 'object' || data === null) return undefined;
    const known = made.get(data) ?? { value: make(data) };
    made.set(data, known);
    return known.value;
  };
}
