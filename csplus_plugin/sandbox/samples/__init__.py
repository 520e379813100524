"""Sample scenes: a year of synthetic Sentinel-2 over an invented valley, with Cloud Score+ and the truth.

The place is the example point of the Cloud Score+ dataset page (longitude -119.9087, latitude 37.4159), 3.84 km a
side, the whole of 2023. Nothing here was seen by a satellite, and every scene's properties say so. All of it
follows from fixed seeds: the same program writes the same values.

How it is made, in the order of the modules:

- `landscape` (with `relief`, `farmland`): what does not change, from eroded mountains to parcels;
- `surface` (with `season`, `sun`): its cloud-free reflectance on a day, the truth t;
- `passes`: when the satellites come by, and under what weather;
- `sky`: the pixel model of the Cloud Score+ paper, p = t q + c (1 - q); `atmosphere` lifts p to the top of the
  atmosphere; `swath` cuts off what the pass did not see;
- `score`: `cs` is q with some error, `cs_cdf` its rank in the place's year; `classes`: SCL with its usual faults;
- `grid`, `scenes`, `geotiff`, `writing`: the tiles 11SKB (UTM zone 11) and 10SGG (zone 10), their files.

What a reader can count on:

- Orbit 113 every five days from 1 January, Sentinel-2A and -2B in turn; tile 11SKB each time, 10SGG on the days
  of Sentinel-2B. Both tiles of a day show the same ground and clouds. Six passes of orbit 70 see the east only.
- January is cloudy in every scene, yet nearly every place has a look with `cs_cdf` >= 0.60. In March
  (`MONTH_WITHOUT_CLEAR_LOOKS`) many places have none.
- Six scenes have no Cloud Score+ twin: 11 January, 20 July and 8 October in 11SKB, 16 April in both tiles,
  2 December in 10SGG.
- Twelve passes end inside the area: their pixels beyond are masked, their footprints smaller.

Beside the three collections the archive holds the cloud-free land on the 15th of each month, on the grid of 11SKB:
`truth/<Sentinel-2 collection id>/11SKB/<year>-<month>/<band>.tif`. For any other day or tile there is `truth`.
"""

from __future__ import annotations

from .passes import MONTH_WITHOUT_CLEAR_LOOKS, Pass, passes_of_year
from .writing import truth, write_samples

__all__ = ["MONTH_WITHOUT_CLEAR_LOOKS", "Pass", "passes_of_year", "truth", "write_samples"]
