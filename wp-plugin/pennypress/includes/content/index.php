<?php
// Silence is golden: nothing is listed here.
