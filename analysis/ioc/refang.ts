/** Undoes the spellings that keep a hostile name from becoming a link: `hxxp`, `[.]`, `(dot)`, `[:]//`, `[@]`. */

/** The text as meant. Only whole defanged spellings change; the scheme is left for whoever reads the URL. */
export const refang = (written: string): string =>
  written
    .replace(/\s?[[({]\s?(?:\.|dot)\s?[\])}]\s?/gi, '.')
    .replace(/\[\.(?=[\p{L}\p{N}])|\.\](?=[\p{L}\p{N}])/gu, '.')
    .replace(/[\u3002\uff0e\uff61]/g, '.')
    .replace(/\s?[[({]\s?(?:@|at)\s?[\])}]\s?/gi, '@')
    .replace(/[[({](:\/\/|:|\/\/|\/)[\])}]/g, '$1');

/** Whether somebody wrote it so that it is no link: such a thing is meant as hostile. */
export const isDefanged = (written: string): boolean =>
  /[[({]\s?(?:\.|dot|:|@|at|\/\/|:\/\/|\/)\s?[\])}]|[\u3002\uff0e\uff61]|\[\.\w|\.\]\w/i.test(written) ||
  /^(?:h(?:xx|tx|xt|\*\*)ps?|s?fxps?)/i.test(written);
