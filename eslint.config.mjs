import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '**/*.mjs', '**/*.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-globals': [
        'error',
        { name: 'setTimeout', message: 'Time comes from the Clock seam.' },
        { name: 'setInterval', message: 'Time comes from the Clock seam.' },
        { name: 'fetch', message: 'Use the seam that owns the network.' },
      ],
    },
  },
  {
    files: ['seams/**', 'test/**', 'bench/**', 'examples/**', 'templates/**', 'cli/**', 'client/platform.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    // What the product reads is hostile: an expression over it costs time in proportion to its length (ATK-A9). Tests read their own texts.
    ignores: ['test/**'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': 'error',
      'regexp/no-super-linear-move': 'error',
    },
  },
  {
    files: ['test/**'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/no-unnecessary-condition': 'off' },
  },
  {
    // While a child is waited for no timer runs, not even the one that ends a test: a wait without a bound ends nothing, ever.
    files: ['test/**'],
    ignores: ['test/support/child.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'node:child_process',
              importNames: ['execFileSync', 'execSync', 'spawnSync'],
              message: 'test/support/child.ts runs commands with a bound.',
            },
          ],
        },
      ],
    },
  },
);
