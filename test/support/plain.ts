/** Whoever runs the tests may force colors: tests judge words, so that they and all they start are told to write plain ones. */
delete process.env.FORCE_COLOR;
process.env.NO_COLOR = '1';
