import { createHash } from 'node:crypto';
import path from 'node:path';
import swcJest from '@swc/jest';
import { removed } from '../removal.ts';

const VERSION = 1;

/** The transform of all other tests, except that the one file comes without its check. */
export default {
  createTransformer({ swc, removal }) {
    const inner = swcJest.createTransformer(swc);
    const isChanged = (filename, { rootDir }) => removal !== undefined && filename === path.join(rootDir, removal.file);
    const without = (source, filename, { config }) => {
      if (!isChanged(filename, config)) return source;
      const { text, problem } = removed(removal, source);
      if (problem !== undefined) throw new Error(problem);
      return text;
    };
    return {
      process: (source, filename, options) => inner.process(without(source, filename, options), filename, options),
      processAsync: (source, filename, options) =>
        inner.processAsync(without(source, filename, options), filename, options),
      // All files but the changed one are the same whatever is removed, and are transformed once.
      getCacheKey: (source, filename, options) =>
        createHash('sha256')
          .update(
            JSON.stringify([
              VERSION,
              swc,
              options.supportsStaticESM,
              filename,
              source,
              isChanged(filename, options.config) ? removal : '',
            ]),
          )
          .digest('hex'),
    };
  },
};
