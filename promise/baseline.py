"""Orders of an ordinary hour: season, weekday, hour, holiday and weather, and how the level drifts around them.

The slow part is a negative binomial regression with Fourier terms (statsmodels) on hourly counts; it is refitted in
under a second. What it leaves is a level that wanders (an AR(1) in the log, ``wave_*``) and a quick part
(``grain_sd``); both are measured on the five-minute residuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from data.calendar import is_holiday
from data.errors import InputError
from data.model.schedule import STEP_S
from promise.cox import Belief, Floats, Seen, condition

HOUR_S, DAY_S, YEAR_S = 3600, 86_400, 31_557_600
STEPS_PER_HOUR = HOUR_S // STEP_S
DAILY_WAVES, WEEKEND_WAVES, YEARLY_WAVES = 8, 3, 2
LEVEL_HOURS = 24
OUTLIER, ROUNDS = 4.0, 3
LEAST_DISPERSION = 0.02
MIN_HISTORY_S = 28 * DAY_S
TREND_YEARS = 0.25

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Season:
    """Which terms the regression has: only what its history can tell."""

    begin_s: int
    end_s: int
    yearly: bool
    trend: bool
    holidays: bool
    weather: bool
    region: str
    time_zone: str

    def terms(self, at_s: NDArray[np.int64], weather: Floats | None) -> Floats:
        """Return the design matrix ``[n, k]`` at instants in Unix seconds; the trend stays where it ended."""
        weekday, day_part, holiday = _local(at_s, self.region, self.time_zone)
        daily = _fourier(day_part, DAILY_WAVES)
        columns = [np.ones((len(at_s), 1)), weekday[:, 1:], daily]
        columns += [weekday[:, [k]] * daily[:, : 2 * WEEKEND_WAVES] for k in (5, 6)]
        if self.holidays:
            columns.append(holiday[:, None])
        if self.trend:
            columns.append(np.minimum(at_s - self.begin_s, self.end_s - self.begin_s)[:, None] / YEAR_S)
        if self.yearly:
            columns.append(_fourier(at_s / YEAR_S, YEARLY_WAVES))
        if self.weather:
            if weather is None or len(weather) != len(at_s):
                raise InputError(
                    "no_weather",
                    f"the baseline knows a weather factor: {len(at_s)} values are needed",
                    "weather",
                    "give one value per step, or fit without weather",
                )
            columns.append(weather[:, None])
        return np.hstack(columns)


@dataclass(frozen=True)
class Level:
    """The log of orders over their seasonal mean, as last seen: a Gaussian at an instant."""

    mean: float
    sd: float
    at_s: int


@dataclass(frozen=True)
class Baseline:
    """A fitted baseline of one series.

    Attributes
    ----------
    dispersion : float
        Of an hour's count around its seasonal mean: ``variance = mean + dispersion * mean**2``.
    wave_sd, wave_life_s
        Standard deviation of the wandering log level, and the time in which it forgets (to 1/e).
    grain_sd
        Standard deviation of the log level from one five-minute step to the next.
    """

    season: Season
    coefficients: Floats
    dispersion: float
    wave_sd: float
    wave_life_s: float
    grain_sd: float

    @property
    def rest(self) -> float:
        """What the log level falls back to: the mean of its exponential is one."""
        return -(self.wave_sd**2) / 2

    @property
    def minute_dispersion(self) -> float:
        """Of one minute's count, for :class:`promise.bursts.Watch`."""
        return max(self.grain_sd**2, LEAST_DISPERSION)

    def mean(self, begin_s: int, steps: int, weather: Floats | None = None) -> Floats:
        """Return the seasonal mean of each step of ``STEP_S`` from ``begin_s``, float64 [steps]."""
        rate: Floats = np.exp(self.season.terms(middles_s(begin_s, steps), weather) @ self.coefficients)
        return rate / STEPS_PER_HOUR

    def level(self, end_s: int, counts: Floats, usual: Bools, weather: Floats | None = None) -> Level:
        """Return the level at ``end_s`` from the last day's counts.

        Parameters
        ----------
        counts : float64 [n]
            Orders of the ``n`` steps that end at ``end_s``; those of announced lives taken off.
        usual : bool [n]
            Steps to believe: not those of a burst.
        weather : float64 [n], optional
            The factor the baseline was fitted with.
        """
        hours = min(len(counts) // STEPS_PER_HOUR, LEVEL_HOURS)
        steps = hours * STEPS_PER_HOUR
        if not hours:
            return Level(self.rest, self.wave_sd, end_s)
        mean = self.mean(end_s - steps * STEP_S, steps, None if weather is None else weather[-steps:])
        expected = (mean * usual[-steps:]).reshape(hours, -1).sum(axis=1)
        counted = (counts[-steps:] * usual[-steps:]).reshape(hours, -1).sum(axis=1)
        told = expected > 0
        age_s = HOUR_S * np.arange(hours)
        wave = self.wave_sd**2 * np.exp(-np.abs(age_s[:, None] - age_s) / self.wave_life_s)
        grain = np.eye(hours) * self.grain_sd**2 / STEPS_PER_HOUR
        rows = np.tile(np.eye(hours), 2)[told]
        nothing = np.zeros(0)
        seen = Seen(rows, counted[told], np.log(expected[told]), np.zeros(told.sum()), nothing, nothing)
        prior = Belief(np.repeat([self.rest, 0.0], hours), block_diag(wave, grain))
        belief, _ = condition(prior, seen)
        return Level(float(belief.mean[hours - 1]), float(np.sqrt(belief.cov[hours - 1, hours - 1])), end_s)

    def scenarios(
        self,
        level: Level,
        begin_s: int,
        steps: int,
        scenarios: int,
        rng: np.random.Generator,
        weather: Floats | None = None,
    ) -> Floats:
        """Return expected orders, float64 [scenarios, steps]: the level wanders on from where it was last seen."""
        hours = -(-steps // STEPS_PER_HOUR)
        wave = np.empty((scenarios, hours))
        last, age_s = level.mean + level.sd * rng.standard_normal(scenarios), max(begin_s - level.at_s, 0)
        for hour in range(hours):
            kept = np.exp(-age_s / self.wave_life_s)
            noise = self.wave_sd * np.sqrt(1 - kept**2) * rng.standard_normal(scenarios)
            last = wave[:, hour] = self.rest + kept * (last - self.rest) + noise
            age_s = HOUR_S
        grain = self.grain_sd * rng.standard_normal((scenarios, steps)) - self.grain_sd**2 / 2
        path = np.repeat(wave, STEPS_PER_HOUR, axis=1)[:, :steps] + grain
        rates: Floats = self.mean(begin_s, steps, weather) * np.exp(path)
        return rates


def middles_s(begin_s: int, steps: int) -> NDArray[np.int64]:
    """Return the instants in the middle of steps of ``STEP_S``, Unix seconds."""
    return begin_s + STEP_S // 2 + STEP_S * np.arange(steps, dtype=np.int64)


def fit(
    begin_s: int,
    counts: Floats,
    *,
    usual: Bools | None = None,
    weather: Floats | None = None,
    region: str = "",
    time_zone: str = "Europe/Paris",
) -> Baseline:
    """Fit the baseline of one series.

    Parameters
    ----------
    begin_s : int
        Unix second at which the history begins, on the hour.
    counts : float64 [n]
        Orders of each step of ``STEP_S``; those of announced lives taken off. At least four weeks.
    usual : bool [n], optional
        Steps to believe. Hours far off the fit (a burst nobody announced) are left out by themselves.
    weather : float64 [n], optional
        A factor such as millimetres of rain; its effect is fitted.
    region : str
        Whose public holidays, see :class:`data.calendar.Calendar`.

    Raises
    ------
    InputError
        ``short_history``, ``no_orders`` or ``not_aligned``.
    """
    hours = len(counts) // STEPS_PER_HOUR
    steps = hours * STEPS_PER_HOUR
    if begin_s % HOUR_S:
        raise InputError("not_aligned", f"the history begins at {begin_s} s, not on the hour", action="cut its head")
    if steps * STEP_S < MIN_HISTORY_S:
        action = "give at least four weeks of counts"
        raise InputError("short_history", f"{steps * STEP_S / DAY_S:.1f} days of counts", "counts", action)
    kept = np.ones(steps, bool) if usual is None else usual[:steps]
    if not counts[:steps][kept].sum() > 0:
        raise InputError("no_orders", "the history holds no order at all", "counts", "check the series")
    season = _season(begin_s, steps, kept, weather is not None, region, time_zone)
    hourly_weather = None if weather is None else weather[:steps].reshape(hours, -1).mean(axis=1)
    terms = season.terms(begin_s + HOUR_S // 2 + HOUR_S * np.arange(hours, dtype=np.int64), hourly_weather)
    seen = kept.reshape(hours, -1).sum(axis=1)
    hourly = (counts[:steps] * kept).reshape(hours, -1).sum(axis=1)
    coefficients, dispersion, believed = _regress(terms, hourly, seen / STEPS_PER_HOUR)
    bare = Baseline(season, coefficients, dispersion, 0.0, HOUR_S, 0.0)
    mean = bare.mean(begin_s, steps, None if weather is None else weather[:steps])
    wave_sd, wave_life_s, grain_sd = _drift(counts[:steps], mean, kept & np.repeat(believed, STEPS_PER_HOUR))
    return Baseline(season, coefficients, dispersion, wave_sd, wave_life_s, grain_sd)


def _season(begin_s: int, steps: int, kept: Bools, weather: bool, region: str, time_zone: str) -> Season:
    end_s = begin_s + steps * STEP_S
    _, _, holiday = _local(middles_s(begin_s, steps)[kept], region, time_zone)
    years = (end_s - begin_s) / YEAR_S
    return Season(begin_s, end_s, years >= 1, years >= TREND_YEARS, bool(holiday.any()), weather, region, time_zone)


def _regress(terms: Floats, hourly: Floats, exposure: Floats) -> tuple[Floats, float, Bools]:
    """Return the coefficients, the dispersion, and which hours were believed: fit, drop the outliers, fit again.

    A burst swells the first dispersion and so hides smaller ones: hence more than one round.
    """
    import statsmodels.api as sm  # pandas comes with it: more than a second, that only a fit should wait for

    believed = exposure > 0
    dispersion = 0.0
    for _ in range(ROUNDS):
        family = sm.families.NegativeBinomial(alpha=dispersion) if dispersion else sm.families.Poisson()
        offset = np.log(exposure[believed])
        fitted = sm.GLM(hourly[believed], terms[believed], family=family, offset=offset).fit()
        coefficients = np.asarray(fitted.params, dtype=np.float64)
        mean = np.exp(terms @ coefficients) * exposure
        dispersion = _dispersion(hourly[believed], mean[believed])
        spread = np.sqrt(mean + dispersion * mean**2)
        believed = (exposure > 0) & (np.abs(hourly - mean) < OUTLIER * spread + 1)
    return coefficients, _dispersion(hourly[believed], mean[believed]), believed


def _dispersion(counts: Floats, mean: Floats) -> float:
    """Return the dispersion by moments, never negative."""
    return max(float(((counts - mean) ** 2 - mean).sum() / (mean**2).sum()), 0.0)


def _drift(counts: Floats, mean: Floats, kept: Bools) -> tuple[float, float, float]:
    """Return ``wave_sd, wave_life_s, grain_sd`` from the autocovariance of the five-minute residuals."""
    residual = np.where(kept, counts - mean, 0.0)
    weight = np.where(kept, mean, 0.0)

    def shared(lag: int) -> float:
        return float((residual[lag:] * residual[:-lag]).sum() / max((weight[lag:] * weight[:-lag]).sum(), 1e-12))

    hour, later = max(shared(STEPS_PER_HOUR), 1e-6), max(shared(6 * STEPS_PER_HOUR), 1e-7)
    life_s = float(np.clip(5 * HOUR_S / max(np.log(hour / later), 1e-9), 2 * HOUR_S, 48 * HOUR_S))
    wave = hour * np.exp(HOUR_S / life_s)
    whole = float(((residual**2).sum() - weight.sum()) / max((weight**2).sum(), 1e-12))
    return float(np.sqrt(np.log1p(wave))), life_s, float(np.sqrt(np.log1p(max(whole - wave, 0.0))))


def _local(at_s: NDArray[np.int64], region: str, time_zone: str) -> tuple[Floats, Floats, Floats]:
    """Return, by the clock on the wall, the weekday ``[n, 7]``, the part of the day gone ``[n]``, holiday ``[n]``."""
    hours = at_s // HOUR_S
    known = np.array([_hour(int(hour), region, time_zone) for hour in np.unique(hours)])
    offset, holiday = known[np.searchsorted(np.unique(hours), hours)].T
    local_s = at_s + offset
    weekday = (local_s // DAY_S + 3).astype(np.int64) % 7  # 1 January 1970 was a Thursday
    return np.eye(7)[weekday], local_s % DAY_S / DAY_S, holiday


@lru_cache(maxsize=200_000)
def _hour(hour: int, region: str, time_zone: str) -> tuple[float, float]:
    """Return the offset from UTC in seconds, and 1 on a public holiday; the clocks change on the hour."""
    local = datetime.fromtimestamp(hour * HOUR_S, UTC).astimezone(ZoneInfo(time_zone))
    offset = local.utcoffset()
    return (offset.total_seconds() if offset else 0.0), float(is_holiday(local.date(), region))


def _fourier(phase: Floats, waves: int) -> Floats:
    """Return ``[n, 2 * waves]`` cosines and sines of a phase in cycles."""
    angles = 2 * np.pi * phase[:, None] * np.arange(1, waves + 1)
    return np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(len(phase), -1)
