<?php
/**
 * Plugin Name:       Pennypress
 * Plugin URI:        https://github.com/pennypress/pennypress
 * Description:       A support chatbot that answers from your own content, on a service that you run yourself.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * Author:            The Pennypress contributors
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       pennypress
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

const VERSION   = '0.1.0';
const MAIN_FILE = __FILE__;

/*
 * One class a file, read when it is first used: a page view needs three of them. `Pennypress\Settings_Page` is in
 * includes/class-settings-page.php; what has to do with the site's content is in includes/content/.
 */
spl_autoload_register(
	static function ( $name ) {
		if ( 0 === strpos( $name, __NAMESPACE__ . '\\' ) ) {
			$short = strtolower( str_replace( '_', '-', substr( $name, strlen( __NAMESPACE__ ) + 1 ) ) );
			foreach ( array( '/includes/', '/includes/content/' ) as $room ) {
				$file = __DIR__ . $room . 'class-' . $short . '.php';
				if ( is_file( $file ) ) {
					require $file;
					return;
				}
			}
		}
	}
);

require __DIR__ . '/includes/hooks.php';
