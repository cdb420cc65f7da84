import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest; without the durations of an earlier run vitest would judge files by their size. */
const LONG = /chaos|property|beside-writers|becoming-pulled|deletion[.]test|start[.]test|stopping|matrix|admin/;

/** Runs the long files first, so that none of them is left to run alone at the end. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
