import numpy as np
import pytest
from scipy import stats

from project_package.monitoring.statistics import (
    NO_DIFFERENCE,
    chi_squared,
    kolmogorov_smirnov,
    le_cam_distance,
    stability_noise,
)
from project_package.service.drift import stability_index


def test_equal_histograms_do_not_differ() -> None:
    assert kolmogorov_smirnov([10, 20, 30], [10, 20, 30]).effect == 0
    assert chi_squared([10, 20, 30], [10, 20, 30]).effect == 0


@pytest.mark.parametrize("test", [kolmogorov_smirnov, chi_squared])
def test_disjoint_histograms_differ_entirely(test: type) -> None:
    effect, p_value = test([500, 0], [0, 500])

    assert effect == pytest.approx(1)
    assert p_value < 1e-9


@pytest.mark.parametrize("test", [kolmogorov_smirnov, chi_squared])
def test_an_empty_side_is_no_difference(test: type) -> None:
    assert test([5, 5], [0, 0]) == NO_DIFFERENCE


def test_fine_bins_give_the_distance_of_the_values() -> None:
    generator = np.random.default_rng(1)
    then, now = generator.normal(0, 1, 2000), generator.normal(0.3, 1, 2000)
    edges = np.linspace(-5, 5, 2001)

    binned = kolmogorov_smirnov(*(np.histogram(side, edges)[0].tolist() for side in (then, now)))

    exact = stats.ks_2samp(then, now)
    assert binned.effect == pytest.approx(exact.statistic, abs=0.002)
    assert binned.effect <= exact.statistic + 1e-12


def test_chi_squared_is_that_of_a_contingency_table() -> None:
    result = chi_squared([30, 20, 0], [20, 30, 0])

    assert result.p_value == pytest.approx(stats.chi2.sf(4, 1))
    assert result.effect == pytest.approx(0.2)


@pytest.mark.parametrize("rows", [200, 1000, 8000])
def test_a_shift_of_categories_is_as_large_in_a_short_window_as_in_a_long_one(rows: int) -> None:
    shifted = [rows * share // 100 for share in (50, 30, 20)]

    assert chi_squared([4000, 2400, 3600], shifted).effect == pytest.approx(0.1782, abs=1e-4)


def test_the_le_cam_distance_is_cramers_v_of_two_samples_of_one_size() -> None:
    table = np.array([[30, 50, 20, 0], [10, 40, 45, 5]])
    statistic = stats.chi2_contingency(table).statistic

    assert le_cam_distance(*table.tolist()) == pytest.approx(np.sqrt(statistic / table.sum()))


def test_chance_exceeds_the_noise_about_as_often_as_asked() -> None:
    generator = np.random.default_rng(2)
    bins, rows, others = 20, 3000, 1000
    shares = np.full(bins, 1 / bins)
    noise = stability_noise(bins, rows, others, significance=0.05)

    beyond = [
        stability_index(
            generator.multinomial(rows, shares).tolist(),
            generator.multinomial(others, shares).tolist(),
        )
        > noise
        for _ in range(2000)
    ]

    assert np.mean(beyond) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("exponent", [0, 1])
@pytest.mark.parametrize("bins", [10, 100, 500])
def test_a_window_of_few_rows_and_many_categories_stays_below_the_noise(
    exponent: int, bins: int
) -> None:
    generator = np.random.default_rng(3)
    rows, others = 9000, 200
    shares = np.arange(1, bins + 1) ** -float(exponent)
    shares /= shares.sum()
    expected = generator.multinomial(rows, shares).tolist()
    limit = max(0.25, stability_noise(bins, rows, others, significance=0.001))

    indices = [
        stability_index(expected, generator.multinomial(others, shares).tolist())
        for _ in range(100)
    ]

    assert max(indices) < limit


def test_nothing_to_compare_has_no_noise() -> None:
    assert stability_noise(1, 10, 10, 0.05) == 0
    assert stability_noise(5, 10, 0, 0.05) == 0
