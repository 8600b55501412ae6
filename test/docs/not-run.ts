/** Commands of the pages that no test runs as they stand there, each with the reason, and with what is tested in their place. */
export const NOT_RUN: readonly { readonly command: RegExp; readonly why: string }[] = [
  { command: /npm ci(?= *&&)/g, why: 'the packages of the checkout are there: they are what runs these tests' },
  { command: /npm run pack(?= )/g, why: 'npm run test:package makes the package and follows the quick start with it' },
  { command: /(?<=^: && )npm test/gm, why: 'in a checkout it is what runs these tests' },
  {
    command: /^docker compose .*$/gm,
    why: 'it needs a Docker daemon, and images: test/project/docker-compose.test.ts reads docker-compose.yml as far as that goes without',
  },
]
