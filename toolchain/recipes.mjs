import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const toolchainFolder = path.dirname(fileURLToPath(import.meta.url));
export const projectFolder = path.dirname(toolchainFolder);

/**
 * How one outside program is found, and how it is made when it is not there.
 *
 * @typedef {object} Recipe
 * @property {string} name lower case; FIREBREAK_TOOL_<NAME> overrides it (`-` becomes `_`)
 * @property {string} title
 * @property {string} purpose what stops working without it
 * @property {string} version the pinned version that is built
 * @property {string} [command] its name on PATH; without one PATH is not searched
 * @property {string} [alias] another name that distributions give it
 * @property {{ args: string[], pattern: RegExp, atLeast: string }} [versionCheck] what a copy found elsewhere must say
 * @property {string[]} [places] well-known paths of a file that is not on PATH (a PKCS#11 module)
 * @property {GoBuild} [go]
 * @property {MavenBuild} [maven]
 * @property {CrateBuild} [crate]
 * @property {DebianArchive} [archive] tried before a build
 * @property {string[]} [debian] packages that bring it
 *
 * @typedef {object} GoBuild
 * @property {string} folder wrapper module with committed go.mod and go.sum
 * @property {string} target package to build
 * @property {string[]} flags
 * @property {number} packages how many packages a cold build compiles (`go list -deps | wc -l`), for the progress display
 *
 * @typedef {object} DebianArchive a package of Debian that is unpacked and not installed, so that no service of it starts
 * @property {string} package
 * @property {string} member path of the program inside of it
 *
 * @typedef {object} CrateBuild C++ sources that a crate of Rust carries, built with CMake
 * @property {string} name
 * @property {string} version
 * @property {string} sha256 of the crate
 * @property {string} folder with CMakeLists.txt, in the crate
 * @property {string} target
 * @property {string} program where CMake puts it, in its build folder
 * @property {string[]} flags
 * @property {string} include CMake script that is read as the project begins
 * @property {string} project its name there
 * @property {string[]} debian packages that the build needs, beside cargo
 *
 * @typedef {object} MavenBuild
 * @property {string} folder holds pom.xml and checksums.sha256 of every jar
 * @property {string} mainClass
 */

/**
 * Prometheus and promtool come from one module; without cloud discovery, and without web pages, which need an npm build.
 *
 * @param {string} command
 * @param {number} packages
 * @returns {GoBuild}
 */
const prometheusBuild = (command, packages) => ({
  folder: path.join(toolchainFolder, 'go', 'prometheus'),
  target: `github.com/prometheus/prometheus/cmd/${command}`,
  flags: ['-trimpath', '-tags=remove_all_sd', '-ldflags=-s -w -X github.com/prometheus/common/version.Version=3.16.0'],
  packages,
});

/** @type {readonly Recipe[]} */
export const recipes = [
  {
    name: 'temporal',
    title: 'Temporal CLI',
    purpose: 'the workflow engine and its UI on this machine',
    version: '1.8.2',
    command: 'temporal',
    versionCheck: { args: ['--version'], pattern: /temporal version v?(\d+\.\d+\.\d+)/, atLeast: '1.5.0' },
    go: {
      folder: path.join(toolchainFolder, 'go', 'temporal'),
      target: 'github.com/temporalio/cli/cmd/temporal',
      flags: [
        '-trimpath',
        '-tags=disable_grpc_modules',
        '-ldflags=-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=1.8.2',
      ],
      packages: 1586,
    },
  },
  {
    name: 'btcd',
    title: 'btcd',
    purpose: 'the Bitcoin regtest nodes',
    version: '0.26.2',
    command: 'btcd',
    versionCheck: { args: ['--version'], pattern: /version v?(\d+\.\d+\.\d+)/, atLeast: '0.26.0' },
    go: {
      folder: path.join(toolchainFolder, 'go', 'btcd'),
      target: 'github.com/btcsuite/btcd',
      flags: ['-trimpath', '-ldflags=-s -w'],
      packages: 286,
    },
  },
  {
    name: 'bitcoind',
    title: 'Bitcoin Core',
    purpose: 'proving the Bitcoin adapter on a second kind of node; the devnet needs none',
    version: '31.99',
    command: 'bitcoind',
    versionCheck: {
      args: ['--version'],
      pattern: /Bitcoin Core (?:daemon )?version v?(\d+\.\d+(?:\.\d+)?)/,
      atLeast: '28.0.0',
    },
    // No registry of packages has Core itself; this crate has its sources, but for the wallet, Qt and a table of networks.
    crate: {
      name: 'libbitcoinkernel-sys',
      version: '0.4.1',
      sha256: '345d18a1ce19a1becfcaaa066e3a60e9c7813ef5c23ea8c20704ca4ba1a46339',
      folder: 'bitcoin',
      target: 'bitcoind',
      program: 'bin/bitcoind',
      flags: [
        '-DCMAKE_BUILD_TYPE=None',
        // A chain of a test has some hundred blocks: what counts is how long it takes to build.
        '-DCMAKE_CXX_FLAGS=-O0',
        '-DCMAKE_UNITY_BUILD=ON',
        '-DCMAKE_UNITY_BUILD_BATCH_SIZE=8',
        '-DBUILD_SHARED_LIBS=OFF',
        '-DWITH_EMBEDDED_ASMAP=OFF',
        ...['WALLET', 'EXTERNAL_SIGNER', 'IPC'].map((part) => `-DENABLE_${part}=OFF`),
        ...['TESTS', 'BENCH', 'TX', 'UTIL', 'CLI', 'BITCOIN_BIN', 'WALLET_TOOL'].map((part) => `-DBUILD_${part}=OFF`),
        '-DINSTALL_MAN=OFF',
      ],
      include: path.join(toolchainFolder, 'cpp', 'bitcoin-core.cmake'),
      project: 'BitcoinCore',
      debian: ['cmake', 'g++', 'make', 'libboost-dev'],
    },
  },
  {
    name: 'softhsm2',
    title: 'SoftHSM2',
    purpose: 'sealing key shares inside a PKCS#11 token; without it they are sealed in files',
    version: '2.6',
    places: [
      '/usr/lib/softhsm/libsofthsm2.so',
      `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/softhsm/libsofthsm2.so`,
      '/usr/lib64/pkcs11/libsofthsm2.so',
      '/usr/local/lib/softhsm/libsofthsm2.so',
      '/opt/homebrew/lib/softhsm/libsofthsm2.so',
    ],
    debian: ['softhsm2'],
  },
  {
    name: 'softhsm2-util',
    title: 'softhsm2-util',
    purpose: 'making SoftHSM2 tokens',
    version: '2.6',
    command: 'softhsm2-util',
    versionCheck: { args: ['--version'], pattern: /^(\d+\.\d+(?:\.\d+)?)/, atLeast: '2.6.0' },
    debian: ['softhsm2'],
  },
  {
    name: 'temporal-test-server',
    title: 'Temporal Java test server',
    purpose: 'workflow tests that skip time',
    version: '1.38.0',
    maven: { folder: path.join(toolchainFolder, 'java'), mainClass: 'io.temporal.testserver.TestServer' },
  },
  {
    name: 'prometheus',
    title: 'Prometheus',
    purpose: 'evaluating the alert rules over what validators measure',
    version: '3.16.0',
    command: 'prometheus',
    versionCheck: { args: ['--version'], pattern: /prometheus, version (\d+\.\d+\.\d+)/, atLeast: '2.42.0' },
    archive: { package: 'prometheus', member: 'usr/bin/prometheus' },
    go: prometheusBuild('prometheus', 1044),
  },
  {
    name: 'promtool',
    title: 'promtool',
    purpose: 'checking and testing the alert rules',
    version: '3.16.0',
    command: 'promtool',
    versionCheck: { args: ['--version'], pattern: /promtool, version (\d+\.\d+\.\d+)/, atLeast: '2.42.0' },
    archive: { package: 'prometheus', member: 'usr/bin/promtool' },
    go: prometheusBuild('promtool', 1117),
  },
  {
    // Debian's own copy reads its templates below /usr/share and does not start from a folder: it serves where it is installed.
    name: 'alertmanager',
    title: 'Alertmanager',
    purpose: 'delivering what the alert rules found',
    version: '0.31.1',
    command: 'alertmanager',
    alias: 'prometheus-alertmanager',
    versionCheck: { args: ['--version'], pattern: /alertmanager, version (\d+\.\d+\.\d+)/, atLeast: '0.25.0' },
    // The last version whose web pages come with the module and need no npm build.
    go: {
      folder: path.join(toolchainFolder, 'go', 'alertmanager'),
      target: 'github.com/prometheus/alertmanager/cmd/alertmanager',
      flags: ['-trimpath', '-ldflags=-s -w -X github.com/prometheus/common/version.Version=0.31.1'],
      packages: 695,
    },
  },
];

/** @param {string} name */
export const overrideVariable = (name) => `FIREBREAK_TOOL_${name.toUpperCase().replaceAll('-', '_')}`;
