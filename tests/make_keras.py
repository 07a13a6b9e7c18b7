#!/usr/bin/env python3
"""Small Keras models and their scores, for tests/keras.rs.

    python3 -m venv venv && venv/bin/pip install keras h5py torch numpy
    KERAS_BACKEND=torch venv/bin/python tests/make_keras.py tests/data/keras

OUT_DIR/NAME.keras, OUT_DIR/NAME.h5 and OUT_DIR/scores.json: for each model the outputs for striate's made-up picture
(src/weights/synthetic.rs) in float32. With `--applications DIR` it writes keras.applications with random weights there, as
NAME.keras, NAME.h5, and NAME.input.npy and NAME.scores.npy: these are large, and no test needs them.
"""
import json, os, sys
from pathlib import Path
os.environ.setdefault("KERAS_BACKEND", "torch")
import keras, numpy as np
from keras import layers as L
from make_networks import picture


def plain():
    return keras.Sequential([
        keras.Input((17, 14, 3)),
        L.Rescaling(1 / 127.5, offset=-1),
        L.Conv2D(8, 3, padding="same", strides=2, activation="relu", name="first"),
        L.BatchNormalization(scale=False),
        L.SeparableConv2D(6, 3, depth_multiplier=2, activation="swish"),
        L.MaxPooling2D(2, padding="same"),
        L.SpatialDropout2D(0.2),
        L.Flatten(),
        L.Dropout(0.5),
        L.Dense(10, activation="gelu"),
        L.BatchNormalization(center=False),
        L.Dense(5, activation="softmax", name="classes"),
    ], name="plain")


def branches():
    x = inputs = keras.Input((15, 18, 3))
    x = L.Normalization(mean=[0.1, 0.2, 0.3], variance=[0.5, 1.5, 2.0])(x)
    x = L.ZeroPadding2D(((0, 1), (2, 0)))(x)
    x = L.Conv2D(8, (3, 5), strides=2, use_bias=False)(x)
    x = L.BatchNormalization(epsilon=1e-5)(x)
    x = L.Activation("hard_swish")(x)
    a = L.DepthwiseConv2D(5, padding="same", depth_multiplier=2, strides=2)(x)
    b = L.Conv2D(16, 3, padding="same", strides=2, groups=4, dilation_rate=1)(x)
    b = L.ReLU(max_value=6)(b)
    gate = L.GlobalAveragePooling2D()(b)
    gate = L.Reshape((1, 1, 16))(gate)
    gate = L.Conv2D(4, 1, activation="silu")(gate)
    gate = L.Dense(16, activation="sigmoid")(gate)
    b = L.Multiply()([b, gate])
    x = L.Add()([a, b])
    c = L.AveragePooling2D(3, strides=1, padding="same")(x)
    d = L.LeakyReLU(negative_slope=0.1)(x)
    e = L.LayerNormalization()(x)
    x = L.Concatenate()([c, d, e])
    x = L.Cropping2D(((1, 0), (0, 1)))(x)
    x = L.Conv2D(8, 2, dilation_rate=2, padding="same", activation="elu")(x)
    y = L.GlobalMaxPooling2D()(x)
    x = L.GlobalAveragePooling2D(keepdims=True)(x)
    x = L.Flatten()(x)
    x = L.Average()([x, y])
    return keras.Model(inputs, L.Dense(7, name="scores")(x), name="branches")


def nested():
    x = inputs = keras.Input((12, 12, 3))
    x = L.Conv2D(6, 3, activation="relu6")(x)
    x = L.PReLU(shared_axes=[1, 2])(x)
    base = keras.Model(inputs, x, name="mobilenetv2_base")
    return keras.Sequential([keras.Input((12, 12, 3)), base, L.Conv2D(4, 1), L.GlobalAveragePooling2D(), L.Dense(3)], name="tuned")


def randomised(model, seed=3):
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        if "seed" in variable.path or "count" in variable.path:
            continue
        shape, kind = variable.shape, variable.path.rsplit("/", 1)[-1]
        if kind == "moving_variance":
            value = generator.uniform(0.5, 1.5, shape)
        elif kind in ("gamma", "alpha"):
            value = generator.uniform(0.2, 1.2, shape)
        elif "kernel" in kind:
            value = generator.standard_normal(shape) * np.sqrt(2 / max(1, np.prod(shape[:-1])))
        else:
            value = generator.standard_normal(shape) * 0.1
        variable.assign(value.astype(np.float32))
    return model


def scores(model, array):
    return keras.ops.convert_to_numpy(model(array, training=False)).reshape(-1)


APPLICATIONS = "MobileNetV2 ResNet50V2 VGG16 Xception EfficientNetB0 DenseNet121 InceptionV3 NASNetMobile".split()


def applications(out, names):
    for name in names or APPLICATIONS:
        keras.utils.set_random_seed(1)
        model = getattr(keras.applications, name)(weights=None)
        side = model.input_shape[1]
        array = picture(3, side).numpy().transpose(0, 2, 3, 1)
        model.save(out / f"{name}.keras")
        model.save(out / f"{name}.h5")
        np.save(out / f"{name}.input.npy", np.ascontiguousarray(array.transpose(0, 3, 1, 2)))
        # Before softmax: the last layer's activation goes.
        model.layers[-1].activation = keras.activations.linear
        np.save(out / f"{name}.scores.npy", scores(model, array))
        print(name, side, model.count_params(), flush=True)


def main():
    if sys.argv[1] == "--applications":
        out = Path(sys.argv[2])
        out.mkdir(parents=True, exist_ok=True)
        return applications(out, sys.argv[3:])
    out, table = Path(sys.argv[1]), {}
    out.mkdir(parents=True, exist_ok=True)
    for make in (plain, branches, nested):
        model = randomised(make())
        height, width = model.input_shape[1:3]
        side = max(height, width)
        array = picture(3, side).numpy()[:, :, :height, :width].transpose(0, 2, 3, 1)
        if make is plain:
            array = array * 100
        model.save(out / f"{make.__name__}.keras")
        model.save(out / f"{make.__name__}.h5")
        table[make.__name__] = dict(shape=[height, width], scores=[float(f"{v:.8g}") for v in scores(model, array)])
        print(make.__name__, model.count_params(), scores(model, array)[:3])
    model = randomised(plain())
    model.save_weights(out / "alone.weights.h5")
    (out / "scores.json").write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
