<?php
/**
 * Takes away everything that the plugin has ever stored: one option, on every site of a network.
 *
 * @package Pennypress
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

if ( is_multisite() ) {
	foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $pennypress_site ) {
		switch_to_blog( $pennypress_site );
		delete_option( 'pennypress' );
		restore_current_blog();
	}
} else {
	delete_option( 'pennypress' );
}
