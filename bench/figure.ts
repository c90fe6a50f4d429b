/** Figures as people read them: three digits that count, no noise behind them. */

/** `0.58`, `12.3`, `1 240`. */
export function figureText(figure: number): string {
  if (!Number.isFinite(figure)) return 'none';
  const size = Math.abs(figure);
  if (size >= 100) return Math.round(figure).toLocaleString('en').replaceAll(',', ' ');
  return Number(figure.toPrecision(size >= 10 ? 3 : 2 + (size >= 1 ? 1 : 0))).toString();
}
