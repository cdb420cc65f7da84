/** The geometry of the search near a point: distances, areas, the cells that cover them, and coarsened points. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Area, box, circle, cover } from '../../../src/features/places/areas.ts';
import { cellsAt } from '../../../src/features/places/cells.ts';
import { checkDegrees, distance, type Point, requirePoint, roundPoint } from '../../../src/features/places/geo.ts';
import { coarsen } from '../../../src/features/places/precision.ts';

const degrees = (limit: number) => fc.double({ min: -limit, max: limit, noNaN: true });
const point: fc.Arbitrary<Point> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ latitude: degrees(90), longitude: degrees(180) }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { latitude: 90, longitude: 0 },
      { latitude: -90, longitude: 77 },
      { latitude: 0, longitude: 180 },
      { latitude: -17, longitude: -180 },
    ),
  },
);

/** Whether one of the cells of an area holds a point; undefined when the area is searched as a whole. */
function isCovered(area: Area, inside: Point): boolean | undefined {
  const cells = cover(area);
  const own = new Set(cellsAt(inside));
  return cells?.some(({ cell }) => own.has(cell));
}

describe('the distance between two points', () => {
  test.for([
    // A quarter of the circumference, and half of it.
    [{ latitude: 0, longitude: 0 }, { latitude: 90, longitude: 123 }, 10_007_557],
    [{ latitude: 0, longitude: -90 }, { latitude: 0, longitude: 90 }, 20_015_114],
    // One degree across the 180th meridian.
    [{ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 }, 111_195],
    [{ latitude: 12, longitude: 34 }, { latitude: 12, longitude: 34 }, 0],
  ] as const)('from %j to %j is %i metres', ([from, to, metres]) => {
    expect(Math.round(distance(from, to))).toBe(metres);
    expect(Math.round(distance(to, from))).toBe(metres);
  });
});

describe('a point', () => {
  test.for([
    ['latitude', 90, null],
    ['latitude', 90.1, 'A latitude is from -90 to 90 degrees; this is 90.1.'],
    ['longitude', -180, null],
    ['longitude', -180.5, 'A longitude is from -180 to 180 degrees; this is -180.5.'],
    ['longitude', Number.NaN, 'A longitude is from -180 to 180 degrees; this is NaN.'],
  ] as const)('with the %s %d is checked', ([name, value, message]) => {
    expect(checkDegrees(name, value)).toBe(message);
    const checked = { latitude: 0, longitude: 0, [name]: value };
    if (message === null) expect(requirePoint(checked)).toEqual(checked);
    else expect(() => requirePoint(checked)).toThrow(message);
  });

  test('is roundPoint by less than two centimetres', () => {
    fc.assert(
      fc.property(point, (exact) => {
        expect(distance(exact, roundPoint(exact))).toBeLessThan(0.02);
      }),
    );
  });
});

describe('a coarsened point', () => {
  test.for([
    ['KILOMETRE', 1_000],
    ['CITY', 15_000],
  ] as const)(
    'of precision %s is less than %i metres away, and coarsening it again changes nothing',
    ([precision, metres]) => {
      fc.assert(
        fc.property(point, (exact) => {
          const coarse = coarsen(exact, precision);
          expect(distance(exact, coarse)).toBeLessThan(metres);
          expect(coarsen(coarse, precision)).toEqual(coarse);
        }),
      );
    },
  );

  test('of precision EXACT is the roundPoint one', () => {
    fc.assert(
      fc.property(point, (exact) => {
        expect(coarsen(exact, 'EXACT')).toEqual(roundPoint(exact));
      }),
    );
  });
});

describe('a circle', () => {
  test.for([9.9, 50_001, Number.NaN, Number.POSITIVE_INFINITY])('of %d metres is refused', (radius) => {
    expect(() => circle({ latitude: 0, longitude: 0 }, radius)).toThrow('must be from 10 to 50,000');
  });

  test('is covered by cells that hold every point of it', () => {
    const radius = fc.double({ min: 10, max: 50_000, noNaN: true });
    fc.assert(
      fc.property(point, radius, point, fc.double({ min: 0, max: 1, noNaN: true }), (middle, metres, towards, part) => {
        const far = distance(middle, towards);
        // A point on the straight line of degrees from the middle; only those within the circle count.
        const share = far === 0 ? 0 : (part * metres) / far;
        const inside = {
          latitude: middle.latitude + (towards.latitude - middle.latitude) * share,
          longitude: middle.longitude + (towards.longitude - middle.longitude) * share,
        };
        fc.pre(distance(middle, inside) <= metres);
        const area = circle(middle, metres);
        // Within a metre: on the edge itself, rounding decides.
        expect(area.classify(inside, 1)).not.toBe('outside');
        expect(isCovered(area, inside)).toBe(true);
      }),
    );
  });

  test('relates to another circle as their distance says', () => {
    const area = circle({ latitude: 0, longitude: 0 }, 1_000);
    // About 111 metres a thousandth of a degree.
    expect(area.classify({ latitude: 0.005, longitude: 0 }, 400)).toBe('inside');
    expect(area.classify({ latitude: 0.005, longitude: 0 }, 600)).toBe('partly');
    expect(area.classify({ latitude: 0.02, longitude: 0 }, 600)).toBe('outside');
  });
});

describe('a box', () => {
  test('whose south is north of its north is refused', () => {
    expect(() => box({ south: 2, west: 0, north: 1, east: 1 })).toThrow('"south" must not be north of "north"');
  });

  test('across the 180th meridian holds what lies on both sides of it', () => {
    const area = box({ south: -1, west: 179, north: 1, east: -179 });
    for (const longitude of [179.5, 180, -180, -179.5])
      expect(area.classify({ latitude: 0, longitude }, 10)).toBe('inside');
    for (const longitude of [178, 0, -178]) expect(area.classify({ latitude: 0, longitude }, 10)).toBe('outside');
  });

  test('is covered by cells that hold every point of it, or is searched as a whole', () => {
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(point, point, ratio, ratio, (one, other, up, across) => {
        const [south, north] = [one.latitude, other.latitude].sort((a, b) => a - b) as [number, number];
        const [west, east] = [one.longitude, other.longitude].sort((a, b) => a - b) as [number, number];
        const inside = { latitude: south + (north - south) * up, longitude: west + (east - west) * across };
        const area = box({ south, west, north, east });
        // Within a metre: on the edge itself, rounding decides.
        expect(area.classify(inside, 1)).not.toBe('outside');
        expect(isCovered(area, inside)).not.toBe(false);
      }),
    );
  });
});
