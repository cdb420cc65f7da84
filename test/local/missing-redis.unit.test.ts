import { expect, test } from 'vitest';
import { onMissingRedis } from '../../src/local/redis.ts';

test.each([
  ['Debian as root', 'linux', true, ['apt-get'], null],
  ['Debian as a user', 'linux', false, ['apt-get'], 'sudo apt-get install redis-server'],
  ['Fedora', 'linux', false, ['dnf'], 'sudo dnf install redis'],
  ['Fedora as root', 'linux', true, ['dnf'], 'sudo dnf install redis'],
  ['macOS with Homebrew', 'darwin', false, ['brew'], 'brew install redis'],
  ['macOS without', 'darwin', false, [], 'https://brew.sh'],
  ['an unknown Linux', 'linux', false, [], 'your package manager'],
] as const)('without a Redis server on %s', (_, platform, isRoot, commands, advice) => {
  const decision = onMissingRedis({ platform, isRoot, commands: new Set(commands) });
  if (advice === null) {
    expect(decision).toEqual({
      install: [expect.arrayContaining(['update']), expect.arrayContaining(['redis-server'])],
    });
  } else {
    const { message } = decision as { message: string };
    expect(message).toContain(advice);
    expect(message).toContain('REDIS_URL=');
    expect(message).toContain('docker run');
  }
});
