"""The update rules of the papers in plain Python, one function each, for the tests.

Each function takes the gradient `g(w)`, the start `w` (a list of two numbers), the number of steps
and the hyper-parameters, and returns all iterates. They are written from the papers, scalar by
scalar, and share nothing with the package.
"""

import math

PAPERS = {}


def paper(function):
    PAPERS[function.__name__] = function
    return function


def sign(x):
    return (x > 0) - (x < 0)


@paper
def heavy_ball(g, w, n, lr, momentum):
    points, last = [w], w
    for _ in range(n):
        d = g(w)
        w, last = [w[i] - lr * d[i] + momentum * (w[i] - last[i]) for i in (0, 1)], w
        points.append(w)
    return points


@paper
def nesterov_lookahead(g, w, n, lr, momentum):
    points, v = [w], [0.0, 0.0]
    for _ in range(n):
        d = g([w[i] + momentum * v[i] for i in (0, 1)])
        v = [momentum * v[i] - lr * d[i] for i in (0, 1)]
        w = [w[i] + v[i] for i in (0, 1)]
        points.append(w)
    return points


@paper
def lion(g, w, n, lr, beta1, beta2, weight_decay):
    points, m = [w], [0.0, 0.0]
    for _ in range(n):
        d = g(w)
        c = [beta1 * m[i] + (1 - beta1) * d[i] for i in (0, 1)]
        w = [w[i] - lr * (sign(c[i]) + weight_decay * w[i]) for i in (0, 1)]
        m = [beta2 * m[i] + (1 - beta2) * d[i] for i in (0, 1)]
        points.append(w)
    return points


@paper
def sign_descent(g, w, n, lr):
    points = [w]
    for _ in range(n):
        d = g(w)
        w = [w[i] - lr * sign(d[i]) for i in (0, 1)]
        points.append(w)
    return points


@paper
def signum(g, w, n, lr, momentum):
    points, m = [w], [0.0, 0.0]
    for _ in range(n):
        d = g(w)
        m = [momentum * m[i] + (1 - momentum) * d[i] for i in (0, 1)]
        w = [w[i] - lr * sign(m[i]) for i in (0, 1)]
        points.append(w)
    return points


def _adam_like(g, w, n, lr, beta1, beta2, eps, second, corrected=True, v0=0.0):
    points, m, v = [w], [0.0, 0.0], [v0, v0]
    for t in range(1, n + 1):
        d = g(w)
        m = [beta1 * m[i] + (1 - beta1) * d[i] for i in (0, 1)]
        v = [second(v[i], d[i], m[i]) for i in (0, 1)]
        a, b = (1 - beta1**t, 1 - beta2**t) if corrected else (1.0, 1.0)
        w = [w[i] - lr * (m[i] / a) / (math.sqrt(v[i] / b) + eps) for i in (0, 1)]
        points.append(w)
    return points


@paper
def adabelief(g, w, n, lr, beta1, beta2, eps):
    def second(s, d, m):
        return beta2 * s + (1 - beta2) * (d - m) ** 2 + eps

    return _adam_like(g, w, n, lr, beta1, beta2, eps, second)


@paper
def yogi(g, w, n, lr, beta1, beta2, eps, initial_accumulator_value):
    def second(v, d, m):
        return v - (1 - beta2) * sign(v - d * d) * d * d

    return _adam_like(g, w, n, lr, beta1, beta2, eps, second, True, initial_accumulator_value)


@paper
def adan(g, w, n, lr, beta1, beta2, beta3, eps, weight_decay):
    points, last = [w], None
    m, v, k = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    for t in range(1, n + 1):
        d = g(w)
        change = [0.0, 0.0] if last is None else [d[i] - last[i] for i in (0, 1)]
        b1, b2, b3 = 1 - beta1, 1 - beta2, 1 - beta3  # the paper's betas
        m = [(1 - b1) * m[i] + b1 * d[i] for i in (0, 1)]
        v = [(1 - b2) * v[i] + b2 * change[i] for i in (0, 1)]
        k = [(1 - b3) * k[i] + b3 * (d[i] + (1 - b2) * change[i]) ** 2 for i in (0, 1)]
        new = []
        for i in (0, 1):
            step = lr / (math.sqrt(k[i] / (1 - (1 - b3) ** t)) + eps)
            u = m[i] / (1 - (1 - b1) ** t) + (1 - b2) * v[i] / (1 - (1 - b2) ** t)
            new.append((w[i] - step * u) / (1 + lr * weight_decay))
        w, last = new, d
        points.append(w)
    return points


@paper
def ademamix(g, w, n, lr, beta1, beta2, beta3, alpha, eps, weight_decay):
    points = [w]
    m1, m2, v = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    for t in range(1, n + 1):
        d = g(w)
        m1 = [beta1 * m1[i] + (1 - beta1) * d[i] for i in (0, 1)]
        m2 = [beta3 * m2[i] + (1 - beta3) * d[i] for i in (0, 1)]
        v = [beta2 * v[i] + (1 - beta2) * d[i] ** 2 for i in (0, 1)]
        new = []
        for i in (0, 1):
            u = m1[i] / (1 - beta1**t) + alpha * m2[i]
            u /= math.sqrt(v[i] / (1 - beta2**t)) + eps
            new.append(w[i] - lr * (u + weight_decay * w[i]))
        w = new
        points.append(w)
    return points


@paper
def adopt(g, w, n, lr, beta1, beta2, eps):
    points, m = [w, w], [0.0, 0.0]
    v = [d * d for d in g(w)]
    for t in range(1, n):
        d = g(w)
        c = t**0.25
        clipped = [max(-c, min(c, d[i] / max(math.sqrt(v[i]), eps))) for i in (0, 1)]
        m = [beta1 * m[i] + (1 - beta1) * clipped[i] for i in (0, 1)]
        w = [w[i] - lr * m[i] for i in (0, 1)]
        v = [beta2 * v[i] + (1 - beta2) * d[i] ** 2 for i in (0, 1)]
        points.append(w)
    return points


@paper
def sophia(g, w, n, lr, beta1, beta2, gamma, interval, eps, weight_decay, hessian):
    points, m, h = [w], [0.0, 0.0], [0.0, 0.0]
    for t in range(1, n + 1):
        d = g(w)
        m = [beta1 * m[i] + (1 - beta1) * d[i] for i in (0, 1)]
        if (t - 1) % int(interval) == 0:
            xx, _, yy = hessian(w)
            h = [beta2 * h[i] + (1 - beta2) * (xx, yy)[i] for i in (0, 1)]
        w = [w[i] - lr * weight_decay * w[i] for i in (0, 1)]
        u = [m[i] / max(gamma * h[i], eps) for i in (0, 1)]
        w = [w[i] - lr * max(-1.0, min(1.0, u[i])) for i in (0, 1)]
        points.append(w)
    return points


@paper
def schedule_free_sgd(g, w, n, lr, momentum, weight_decay):
    # Defazio et al., equations 2 to 4: y between z and x, x the average of the z
    x, z, points, total = w, w, [w], 0.0
    for _ in range(n):
        y = [(1 - momentum) * z[i] + momentum * x[i] for i in (0, 1)]
        d = [a + weight_decay * b for a, b in zip(g(y), y, strict=True)]
        z = [z[i] - lr * d[i] for i in (0, 1)]
        total += lr**2
        c = lr**2 / total
        x = [(1 - c) * x[i] + c * z[i] for i in (0, 1)]
        points.append(x)
    return points


@paper
def schedule_free_adamw(g, w, n, lr, beta1, beta2, eps, weight_decay):
    x, z, points, total, v = w, w, [w], 0.0, [0.0, 0.0]
    for t in range(1, n + 1):
        y = [(1 - beta1) * z[i] + beta1 * x[i] for i in (0, 1)]
        d = g(y)
        v = [beta2 * v[i] + (1 - beta2) * d[i] ** 2 for i in (0, 1)]
        scaled = [d[i] / (math.sqrt(v[i] / (1 - beta2**t)) + eps) for i in (0, 1)]
        z = [z[i] - lr * (scaled[i] + weight_decay * y[i]) for i in (0, 1)]
        total += lr**2
        c = lr**2 / total
        x = [(1 - c) * x[i] + c * z[i] for i in (0, 1)]
        points.append(x)
    return points


@paper
def prodigy(g, w, n, lr, beta1, beta2, d0, d_coef, eps, weight_decay):
    x0, points, d, r, beta3 = w, [w], d0, 0.0, math.sqrt(beta2)
    m, v, s = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    for _ in range(n):
        q = g(w)
        dlr = d * lr
        r = beta3 * r + (d / d0) * dlr * sum(q[i] * (x0[i] - w[i]) for i in (0, 1))
        s = [beta3 * s[i] + (d / d0) * dlr * q[i] for i in (0, 1)]
        m = [beta1 * m[i] + (1 - beta1) * d * q[i] for i in (0, 1)]
        v = [beta2 * v[i] + (1 - beta2) * d * d * q[i] ** 2 for i in (0, 1)]
        d = max(d, d_coef * r / (abs(s[0]) + abs(s[1])))
        w = [w[i] - dlr * weight_decay * w[i] for i in (0, 1)]
        w = [w[i] - dlr * m[i] / (math.sqrt(v[i]) + d * eps) for i in (0, 1)]
        points.append(w)
    return points


@paper
def qhm(g, w, n, lr, nu, beta):
    points, m = [w], [0.0, 0.0]
    for _ in range(n):
        d = g(w)
        m = [beta * m[i] + (1 - beta) * d[i] for i in (0, 1)]
        w = [w[i] - lr * ((1 - nu) * d[i] + nu * m[i]) for i in (0, 1)]
        points.append(w)
    return points


@paper
def qhadam(g, w, n, lr, nu1, nu2, beta1, beta2, eps):
    points, m, v = [w], [0.0, 0.0], [0.0, 0.0]
    for t in range(1, n + 1):
        d = g(w)
        m = [beta1 * m[i] + (1 - beta1) * d[i] for i in (0, 1)]
        v = [beta2 * v[i] + (1 - beta2) * d[i] ** 2 for i in (0, 1)]
        new = []
        for i in (0, 1):
            up = (1 - nu1) * d[i] + nu1 * m[i] / (1 - beta1**t)
            down = math.sqrt((1 - nu2) * d[i] ** 2 + nu2 * v[i] / (1 - beta2**t)) + eps
            new.append(w[i] - lr * up / down)
        w = new
        points.append(w)
    return points


@paper
def polyak(g, w, n, lr, f_star, max_lr, loss):
    points = [w]
    for _ in range(n):
        d = g(w)
        step = lr * min(max_lr, (loss(w) - f_star) / (d[0] ** 2 + d[1] ** 2))
        w = [w[i] - step * d[i] for i in (0, 1)]
        points.append(w)
    return points


@paper
def normalized_gd(g, w, n, lr, eps):
    points = [w]
    for _ in range(n):
        d = g(w)
        w = [w[i] - lr * d[i] / math.hypot(*d) for i in (0, 1)]
        points.append(w)
    return points


@paper
def sam(g, w, n, lr, rho):
    points = [w]
    for _ in range(n):
        d = g(w)
        length = math.hypot(*d)
        e = g([w[i] + rho * d[i] / length for i in (0, 1)])
        w = [w[i] - lr * e[i] for i in (0, 1)]
        points.append(w)
    return points


def _solve(a, b, c, d):
    """The solution of [[a, b], [b, c]] p = d, by Cramer's rule."""
    determinant = a * c - b * b
    return [(d[0] * c - b * d[1]) / determinant, (a * d[1] - b * d[0]) / determinant]


@paper
def newton(g, w, n, lr, hessian):
    points = [w]
    for _ in range(n):
        p = _solve(*hessian(w), g(w))
        w = [w[i] - lr * p[i] for i in (0, 1)]
        points.append(w)
    return points


@paper
def damped_newton(g, w, n, lr, damping, hessian):
    points = [w]
    for _ in range(n):
        a, b, c = hessian(w)
        p = _solve(a + damping, b, c + damping, g(w))
        w = [w[i] - lr * p[i] for i in (0, 1)]
        points.append(w)
    return points


@paper
def saddle_free_newton(g, w, n, lr, damping, hessian):
    points = [w]
    for _ in range(n):
        a, b, c = hessian(w)
        d = g(w)
        # in the eigenvectors of the Hessian, with the sizes of the eigenvalues
        angle = 0.5 * math.atan2(2 * b, a - c)
        p = [0.0, 0.0]
        for turn in (angle, angle + math.pi / 2):
            u = (math.cos(turn), math.sin(turn))
            value = a * u[0] ** 2 + 2 * b * u[0] * u[1] + c * u[1] ** 2
            along = (d[0] * u[0] + d[1] * u[1]) / (abs(value) + damping)
            p = [p[i] + along * u[i] for i in (0, 1)]
        w = [w[i] - lr * p[i] for i in (0, 1)]
        points.append(w)
    return points


@paper
def bfgs(g, w, n, lr, first, max_step):
    # Nocedal and Wright, equation 6.17 with the scaling 6.20, as matrix products
    def times(a, b):
        return [[sum(a[i][k] * b[k][j] for k in (0, 1)) for j in (0, 1)] for i in (0, 1)]

    h, points, last, d = [[first, 0.0], [0.0, first]], [w], None, g(w)
    for t in range(n):
        if t:
            s = [w[i] - last[0][i] for i in (0, 1)]
            y = [d[i] - last[1][i] for i in (0, 1)]
            sy, yy = s[0] * y[0] + s[1] * y[1], y[0] ** 2 + y[1] ** 2
            if sy > 1e-14 * yy:
                if t == 1:
                    h = [[sy / yy, 0.0], [0.0, sy / yy]]
                left = [[(i == j) - s[i] * y[j] / sy for j in (0, 1)] for i in (0, 1)]
                right = [[left[j][i] for j in (0, 1)] for i in (0, 1)]
                h = times(times(left, h), right)
                h = [[h[i][j] + s[i] * s[j] / sy for j in (0, 1)] for i in (0, 1)]
        p = [h[i][0] * d[0] + h[i][1] * d[1] for i in (0, 1)]
        short = min(1.0, max_step / max(math.hypot(*p), 1e-300))
        last = (w, d)
        w = [w[i] - lr * p[i] * short for i in (0, 1)]
        d = g(w)
        points.append(w)
    return points


@paper
def gradient_flow(g, w, n, lr):
    def down(p):
        return [-d for d in g(p)]

    points = [w]
    for _ in range(n):
        a = down(w)
        b = down([w[i] + lr / 2 * a[i] for i in (0, 1)])
        c = down([w[i] + lr / 2 * b[i] for i in (0, 1)])
        d = down([w[i] + lr * c[i] for i in (0, 1)])
        w = [w[i] + lr * (a[i] + 2 * b[i] + 2 * c[i] + d[i]) / 6 for i in (0, 1)]
        points.append(w)
    return points


@paper
def particle(g, w, n, dt, mass, friction, vx, vy):
    # the momentum p = m v
    points, p = [w], [mass * vx, mass * vy]
    for _ in range(n):
        force = [-d - friction * q / mass for d, q in zip(g(w), p, strict=True)]
        p = [p[i] + dt * force[i] for i in (0, 1)]
        w = [w[i] + dt * p[i] / mass for i in (0, 1)]
        points.append(w)
    return points


@paper
def particle_euler(g, w, n, dt, mass, friction, vx, vy):
    points, p = [w], [mass * vx, mass * vy]
    for _ in range(n):
        force = [-d - friction * q / mass for d, q in zip(g(w), p, strict=True)]
        w = [w[i] + dt * p[i] / mass for i in (0, 1)]
        p = [p[i] + dt * force[i] for i in (0, 1)]
        points.append(w)
    return points


@paper
def particle_verlet(g, w, n, dt, mass, friction, vx, vy):
    # Verlet's own form, which knows positions only
    k, v, d = friction * dt / (2 * mass), (vx, vy), g(w)
    points = [w, [w[i] + (1 - k) * dt * v[i] - dt**2 / (2 * mass) * d[i] for i in (0, 1)]]
    while len(points) <= n:
        (a, b), d = points[-2:], g(points[-1])
        points.append([(2 * b[i] - (1 - k) * a[i] - dt**2 / mass * d[i]) / (1 + k) for i in (0, 1)])
    return points


def _runge_kutta(f, z, n, dt):
    """Kutta's classical method for z' = f(t, z)."""
    points = [z]
    for step in range(n):
        t = step * dt

        def moved(slope, by, z=z):
            return [a + by * b for a, b in zip(z, slope, strict=True)]

        k1 = f(t, z)
        k2 = f(t + dt / 2, moved(k1, dt / 2))
        k3 = f(t + dt / 2, moved(k2, dt / 2))
        k4 = f(t + dt, moved(k3, dt))
        whole = zip(k1, k2, k3, k4, strict=True)
        z = moved([(a + 2 * b + 2 * c + d) / 6 for a, b, c, d in whole], dt)
        points.append(z)
    return points


@paper
def particle_rk4(g, w, n, dt, mass, friction, vx, vy):
    def f(t, z):
        d = g(z[:2])
        return [z[2], z[3], *(-(d[i] + friction * z[2 + i]) / mass for i in (0, 1))]

    return [z[:2] for z in _runge_kutta(f, [*w, vx, vy], n, dt)]


@paper
def nesterov_flow(g, w, n, dt, r):
    def f(t, z):
        d = g(z[:2])
        if t == 0:  # x'/t tends to x'' there
            return [z[2], z[3], -d[0] / (1 + r), -d[1] / (1 + r)]
        return [z[2], z[3], *(-d[i] - r / t * z[2 + i] for i in (0, 1))]

    return [z[:2] for z in _runge_kutta(f, [*w, 0.0, 0.0], n, dt)]


@paper
def accelerated_gradient(g, w, n, lr):
    x, y, points = [w, w], w, [w]
    for k in range(1, n + 1):
        x.append([y[i] - lr * g(y)[i] for i in (0, 1)])
        y = [x[k + 1][i] + (k - 1) / (k + 2) * (x[k + 1][i] - x[k][i]) for i in (0, 1)]
        points.append(x[k + 1])
    return points


@paper
def bead(g, w, n, dt, gravity, friction, vx, vy, hessian):
    slopes, z, points = [], [*w, vx, vy], [w]
    for step in range(n):
        d, v, (a, b, c) = g(z[:2]), z[2:], hessian(z[:2])
        bend = a * v[0] ** 2 + 2 * b * v[0] * v[1] + c * v[1] ** 2
        along = -(gravity + bend) / (1 + d[0] ** 2 + d[1] ** 2)
        force = [along * d[i] - friction * v[i] for i in (0, 1)]
        slopes.append([*v, *force])
        if step == 0:
            mean = [*(v[i] + dt / 2 * force[i] for i in (0, 1)), *force]
        elif step == 1:
            mean = [(3 * s - r) / 2 for s, r in zip(slopes[1], slopes[0], strict=True)]
        else:
            mean = [(23 * s - 16 * r + 5 * q) / 12 for s, r, q in
                    zip(slopes[-1], slopes[-2], slopes[-3], strict=True)]  # fmt: skip
        z = [z[i] + dt * mean[i] for i in range(4)]
        points.append(z[:2])
    return points
