/** The commands of people at the API: signing in, users, keys. */
import { InvalidArgumentError, Option } from 'commander';
import { Permission, UserRole } from '../protocol/index.ts';
import { toInteger, type Cli } from './cli.ts';
import { UsageError } from './outcome.ts';
import { toJsonText } from './text.ts';

/** Adds `login`, `logout`, `users` and `keys` to the program. */
export function addPeopleCommands(cli: Cli): void {
  addLogin(cli);
  addUsers(cli);
  addKeys(cli);
}

function addLogin({ program, configOf, isJson }: Cli): void {
  program
    .command('login [username]')
    .description('sign in at the API; what came of it is kept in the data folder')
    .option('--api <url>', 'another API than that of the fleet on the data folder')
    .option('--password-stdin', 'the password, and a new one if wanted, as lines on standard input', false)
    .addHelpText('after', '\nExamples:\n  aurora login admin\n  aurora login admin --password-stdin < password.txt')
    .action(async (username: string | undefined, { api, passwordStdin }: { api?: string; passwordStdin: boolean }) => {
      const { login } = await import('./login.ts');
      const signed = await login(configOf(), { username, api, password_stdin: passwordStdin });
      const { username: name, role } = signed;
      process.stdout.write(isJson() ? `${toJsonText({ username: name, role }, 0)}\n` : `You are ${name}, ${role}\n`);
    });
  program
    .command('logout')
    .description('sign out at once: tokens and open streams end')
    .addHelpText('after', '\nExample:\n  aurora logout')
    .action(async () => {
      await (await import('./session.ts')).signOut(configOf());
      process.stdout.write(isJson() ? `${toJsonText({ signed_out: true }, 0)}\n` : 'You are signed out\n');
    });
}

function addUsers({ program, configOf, isJson }: Cli): void {
  const people = () => import('./people.ts');
  const showUsers = async () => (await people()).showUsers(configOf(), isJson());
  const users = program
    .command('users')
    .description('who may use the API; for administrators')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora users\n  aurora users add anna --role analyst\n  aurora users set anna --role viewer\n  aurora users delete anna',
    )
    .action(showUsers);
  users.command('list').description('the same as aurora users').action(showUsers);
  users
    .command('add <username>')
    .description('make a user with a first password, shown once')
    .addOption(role().makeOptionMandatory())
    .addHelpText('after', '\nExample:\n  aurora users add anna --role analyst')
    .action(async (username: string, given: { role: UserRole }) =>
      (await people()).addUser(configOf(), username, given.role, isJson()),
    );
  users
    .command('set <username>')
    .description('change a role, or whether somebody may sign in')
    .addOption(role())
    .option('--disable', 'may not sign in any more')
    .option('--enable', 'may sign in again')
    .option('--reset-password', 'gets a new first password, shown once')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora users set anna --role viewer\n  aurora users set anna --disable\n  aurora users set anna --reset-password',
    )
    .action(async (username: string, given: UserFlags) => {
      if (given.disable && given.enable) throw new UsageError('Say one of --disable and --enable');
      const change = {
        ...(given.role && { role: given.role }),
        ...((given.disable ?? given.enable) && { disabled: given.disable ?? false }),
        ...(given.resetPassword && { reset_password: true as const }),
      };
      if (Object.keys(change).length === 0)
        throw new UsageError('Say what to change: --role, --disable, --enable or --reset-password');
      await (await people()).changeUser(configOf(), username, change, isJson());
    });
  users
    .command('delete <username>')
    .description('delete a user: sessions and keys end at once')
    .addHelpText('after', '\nExample:\n  aurora users delete anna')
    .action(async (username: string) => (await people()).removeUser(configOf(), username, isJson()));
}

function addKeys({ program, configOf, isJson }: Cli): void {
  const people = () => import('./people.ts');
  const showKeys = async () => (await people()).showKeys(configOf(), isJson());
  const keys = program
    .command('keys')
    .description('keys with which machines use the API')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora keys\n  aurora keys add siem --scopes alerts:write\n  aurora keys revoke key_0123456789',
    )
    .action(showKeys);
  keys.command('list').description('the same as aurora keys').action(showKeys);
  keys
    .command('add <name>')
    .description('make a key with some of your own permissions; it is shown once')
    .requiredOption('--scopes <permissions>', 'what it may do, comma-separated', toScopes)
    .option('--days <n>', 'how many days it counts, 90 unless said', toInteger)
    .addHelpText(
      'after',
      `\nExample:\n  aurora keys add siem --scopes alerts:write,investigations:write --days 30\n\nPermissions: ${Permission.options.join(', ')}`,
    )
    .action(async (name: string, { scopes, days }: { scopes: Permission[]; days?: number }) =>
      (await people()).addKey(configOf(), { name, scopes, days }, isJson()),
    );
  keys
    .command('revoke <key-id>')
    .description('revoke a key: at once')
    .addHelpText('after', '\nExample:\n  aurora keys revoke key_0123456789')
    .action(async (key_id: string) => (await people()).revokeKey(configOf(), key_id, isJson()));
}

const role = () => new Option('--role <role>', 'what somebody may do').choices(UserRole.options);

function toScopes(text: string): Permission[] {
  return text.split(',').map((scope) => {
    const known = Permission.safeParse(scope.trim());
    if (known.success) return known.data;
    throw new InvalidArgumentError(`there is no ${scope}; there are ${Permission.options.join(', ')}`);
  });
}

interface UserFlags {
  role?: UserRole;
  disable?: boolean;
  enable?: boolean;
  resetPassword?: boolean;
}
