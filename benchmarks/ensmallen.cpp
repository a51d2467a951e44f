// One run of an optimizer of ensmallen on a surface: the time of a step in nanoseconds.
// Built and called by peers.py, which defines VALUE, GX and GY as expressions over x and y.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ensmallen.hpp>

struct Surface {
    double EvaluateWithGradient(const arma::mat& w, arma::mat& g)
    {
        const double x = w[0], y = w[1];
        g.set_size(2, 1);
        g[0] = GX;
        g[1] = GY;
        return VALUE;
    }
    double Evaluate(const arma::mat& w) { arma::mat g; return EvaluateWithGradient(w, g); }
    void Gradient(const arma::mat& w, arma::mat& g) { EvaluateWithGradient(w, g); }
    size_t NumFunctions() const { return 1; }
    void Shuffle() {}
    double EvaluateWithGradient(const arma::mat& w, size_t, arma::mat& g, size_t)
    { return EvaluateWithGradient(w, g); }
    double Evaluate(const arma::mat& w, size_t, size_t) { return Evaluate(w); }
    void Gradient(const arma::mat& w, size_t, arma::mat& g, size_t) { EvaluateWithGradient(w, g); }
};

int main(int, char** argv)
{
    const char* rule = argv[1];
    const double lr = atof(argv[2]), x = atof(argv[3]), y = atof(argv[4]);
    const size_t steps = strtoul(argv[5], nullptr, 10);
    Surface surface;
    for (int pass = 0; pass < 4; pass++) { // the first is slower
        arma::mat w = {x, y};
        w = w.t();
        auto begun = std::chrono::steady_clock::now();
        if (!strcmp(rule, "gd")) {
            ens::StandardSGD o(lr, 1, steps, -1.0, false);
            o.Optimize(surface, w);
        } else if (!strcmp(rule, "momentum")) {
            ens::MomentumSGD o(lr, 1, steps, -1.0, false, ens::MomentumUpdate(0.9));
            o.Optimize(surface, w);
        } else {
            ens::Adam o(lr, 1, 0.9, 0.999, 1e-8, steps, -1.0, false, true, false);
            o.Optimize(surface, w);
        }
        std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begun;
        printf("%g %g %g\n", taken.count() / steps, w[0], w[1]);
    }
}
