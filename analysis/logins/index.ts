/** Logins that were tried, from whatever log tells of them, and who guesses passwords. */
export { createGuessWatch, type Guessing, type GuessWatch, type Habits, type Login } from './guessing.ts';
export { createStormWatch } from './storm.ts';
export type { Storm, StormHabits } from './storm.ts';
